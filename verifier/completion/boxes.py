r"""Find the boxes of a text: `\boxed{…}`, as models are taught to write their answers.

In: a text. Out: what its last box holds. Must not know: what an answer is.
"""

import re

_BRACE = re.compile(r"\\boxed\s{0,9}\{|\\[{}]|[{}]")
_SIGNS = (r"\{", r"\}")
_INK = re.compile(r"\S")


def last_box(text: str) -> str | None:
    r"""Return what stands in the `\boxed{…}` that ends last, braces within it included.

    An empty one counts only if there is no other; and `\{` is no brace, but a sign to be seen.
    """
    open_braces: list[int] = []  # where a box begins; -1 for any other brace
    last = None
    for brace in _BRACE.finditer(text):
        if brace[0] in _SIGNS:
            continue
        if brace[0] != "}":
            open_braces.append(brace.end() if len(brace[0]) > 1 else -1)
            continue
        start, end = open_braces.pop() if open_braces else -1, brace.start()
        # Not by a slice: of boxes in one another, that would copy each as often as it is deep.
        if start >= 0 and (last is None or _INK.search(text, start, end)):
            last = (start, end)
    return None if last is None else text[slice(*last)]
