"""Find the examples in a prompt: calls with their values.

In: the text of a prompt, the names of functions. Out: arguments and values, as Python literals.
They are what a program can hard-code without solving the problem.
"""

import ast
import re
from collections.abc import Iterable
from itertools import pairwise

_CALLS_MAX = 100
_LINE_CHARACTERS_MAX = 1000
_ENDS_MAX = 20
_SIGN = re.compile(
    r"\s*\)*\s*(?:`|#)*\s*(?:==|=>|->|➞|→|➡|should return|must return|returns?|=|is)\s*`?"
)
_PROMPT_SIGN = ">>>"


def calls_in(text: str, names: Iterable[str]) -> dict[str, object]:
    """Return the value of each call in *text* of a function of *names*, by the `repr` of its args.

    Read are `f(1) == 2` and the like, and the examples of doctest. All must be literals.
    """
    name = "|".join(re.escape(name.rpartition(".")[2]) for name in names)
    answers: dict[str, object] = {}
    if not name:
        return answers
    for line, following in pairwise([*text.splitlines(), ""]):
        if len(line) > _LINE_CHARACTERS_MAX:
            continue
        for match in re.finditer(rf"\b(?:{name})\(", line):
            found = _call_at(line[match.start() :])
            if found is None or len(answers) == _CALLS_MAX:
                continue
            arguments, rest = found
            is_doctest = line.lstrip().startswith(_PROMPT_SIGN) and not rest.strip()
            value = _value(following) if is_doctest else _value_after_sign(rest)
            if value is not None:
                answers.setdefault(arguments, value[0])
    return answers


def _call_at(text: str) -> tuple[str, str] | None:
    """Return the arguments of the call at the start of *text*, and what follows it."""
    ends = [match.end() for match in re.finditer(r"\)", text)]
    for end in ends[:_ENDS_MAX]:
        try:
            call = ast.parse(text[:end], mode="eval").body
            if isinstance(call, ast.Call) and not call.keywords:
                values = tuple(ast.literal_eval(argument) for argument in call.args)
                return repr(values), text[end:]
        except (ValueError, SyntaxError, MemoryError, RecursionError, TypeError):
            continue
    return None


def _value_after_sign(text: str) -> tuple[object] | None:
    sign = _SIGN.match(text)
    return _value(text[sign.end() :]) if sign else None


def _value(text: str) -> tuple[object] | None:
    """Return the literal at the start of *text*, in a tuple."""
    text = text.strip()
    for end in (len(text), *(match.start() for match in re.finditer(r"[`.,;#]|\s", text))):
        try:
            return (ast.literal_eval(text[:end].strip(" `.,;")),)
        except (ValueError, SyntaxError, MemoryError, RecursionError, TypeError):
            continue
    return None
