r"""Find `\boxed{…}` in a text: models are trained to write their answers so."""

import re

_BRACE = re.compile(r"\\boxed\s{0,9}\{|\\[{}]|[{}]")
_PRINTED_BRACES = (r"\{", r"\}")
_INK = re.compile(r"\S")


def last_box(text: str) -> str | None:
    r"""Return the content of the `\boxed{…}` that ends last, with the braces inside it.

    An empty box counts only if there is no other. `\{` is a printed character, not a brace.
    """
    open_braces: list[int] = []  # the start of a box's content; -1 for any other brace
    last = None
    for brace in _BRACE.finditer(text):
        if brace[0] in _PRINTED_BRACES:
            continue
        if brace[0] != "}":
            open_braces.append(brace.end() if len(brace[0]) > 1 else -1)
            continue
        start, end = open_braces.pop() if open_braces else -1, brace.start()
        # Search in place: slices of nested boxes would copy each as often as it is deep.
        if start >= 0 and (last is None or _INK.search(text, start, end)):
            last = (start, end)
    return None if last is None else text[slice(*last)]
