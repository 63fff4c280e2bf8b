"""What a candidate would earn that answers every question alike, or repeats what it is asked.

In: test code; or one constant answer. Out: the answers that are worth trying; or a transcript in
which each of them has been given already. Must not know: units, marks.
"""

import ast
import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

from sandbox.encoding import EncodingError, dump, to_tree
from verifier.examiner.transcript import Answer, Question, Transcript

REPEAT = ("first", "second")
"""No answers, but the first and the second argument."""
_LITERALS_MAX = 8
_CHARACTERS_MAX = 10_000
_ALWAYS: tuple[object, ...] = (None, True, False, 0, 1, "", [])
_FUNCTION = {"number": 0, "kind": "function", "name": "guess"}
_CLASS = {"number": 1, "kind": "class", "name": "Solution"}
_INSTANCE = {"number": 2, "kind": "instance", "class": 1}


def worth_trying(tree: ast.Module) -> list[str]:
    """Write the constant answers that tests compare with, the most frequent first, and others."""
    found = Counter(_texts(literal for node in ast.walk(tree) for literal in _compared(node)))
    # In the order in which they are found, where they are as frequent.
    literals = [text for text, _ in found.most_common(_LITERALS_MAX)]
    return list(dict.fromkeys([*literals[:1], *REPEAT, *literals[1:], *_texts(_ALWAYS)]))


def _compared(node: ast.AST) -> Iterator[Any]:
    """Find the literals that a node compares with something."""
    match node:
        case ast.Compare(left=left, comparators=comparators):
            sides = [left, *comparators]
        case ast.BinOp(op=ast.Sub(), right=right):
            sides = [right]  # abs(f(1) - 2.5) < 1e-6
        case ast.Call(func=ast.Attribute(attr=attr), args=args) if attr.startswith("assert"):
            sides = args[:2]
        case ast.Call(func=ast.Name(id="isclose") | ast.Attribute(attr="isclose"), args=args):
            sides = args[:2]
        case _:
            return
    for side in sides:
        try:
            yield ast.literal_eval(side)
        except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
            continue


def _texts(values: Any) -> Iterator[str]:
    for value in values:
        try:
            text = dump({"is": to_tree(value)}).decode("ascii")
        except EncodingError:
            continue
        if len(text) <= _CHARACTERS_MAX:
            yield text


class Guessing(Transcript):
    """The transcript of a candidate whose functions, and whose `Solution`'s, answer alike."""

    def __init__(self, guess: str) -> None:
        """Expect *guess* from every call: an answer, as a candidate's guest would write it."""
        super().__init__([])
        self._argument = REPEAT.index(guess) if guess in REPEAT else 0
        self._guess = None if guess in REPEAT else _answer(guess)
        self._found = {
            one["number"]: _answer(json.dumps({"is": {"h": one["number"]}, "met": [one]}))
            for one in (_FUNCTION, _CLASS, _INSTANCE)
        }
        self.answers = list(self._found.values())

    def _find_answer(self, question: Question) -> Answer | None:
        match question.operation, question.on:
            case "name", ["Solution"]:
                return self._found[1]
            case "call", [{"at": [int() as place, *_]}] if self.asked[place].on == ["Solution"]:
                return self._found[2]
            case "name" | "getattr", _:
                return self._found[0]
        return self._guess or _repeated(question, self._argument)


def _repeated(question: Question, place: int) -> Answer:
    """Answer a call by one of its arguments, if that is plain; anything else by None."""
    callee = 2 if question.operation == "method" else 1
    arguments = [*question.on[callee:], *(value for _, value in question.keywords)]
    repeated = arguments[place] if place < len(arguments) else None
    is_plain = '"at"' not in json.dumps(repeated)
    return _answer(json.dumps({"is": repeated if is_plain else None}))


def _answer(text: str) -> Answer:
    return Answer.read("finished", text, "")
