r"""Find the boxes of a text: `\boxed{…}`, as models are taught to write their answers.

In: a text. Out: what its last box holds. Must not know: what an answer is.
"""

import re

_BRACE = re.compile(r"\\boxed\s{0,9}\{|[{}]")


def last_box(text: str) -> str | None:
    r"""Return what stands in the `\boxed{…}` that ends last, braces within it included."""
    open_braces: list[int] = []  # where a box begins; -1 for any other brace
    last = None
    for brace in _BRACE.finditer(text):
        if brace[0] != "}":
            open_braces.append(brace.end() if len(brace[0]) > 1 else -1)
        elif open_braces and (start := open_braces.pop()) >= 0:
            last = (start, brace.start())
    return None if last is None else text[slice(*last)]
