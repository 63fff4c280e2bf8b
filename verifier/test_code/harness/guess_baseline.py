"""What a candidate would earn that answers every question alike, or repeats what it is asked.

In: what tests want; or one guess. Out: the guesses that are worth trying; or a transcript in which
all that is asked has been answered by it already. Must not know: units, marks.

A guess is a constant answer, `{"is": …}` as a candidate's guest would write it; an exception that
is always raised, `{"raises": [its name, what it says]}`; or `{"repeats": 0}`, the first argument.
"""

import json
import math
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations, pairwise
from typing import Any

from nova_code_verifier.verifier.test_code.harness.expectations import ExpectedValues, texts
from nova_code_verifier.verifier.test_code.harness.transcript import Answer, Question, Transcript

_REPEATED_MAX, _LITERALS_MAX, _RAISED_MAX, _GAPS_MAX = 4, 8, 3, 10
_ALWAYS: tuple[object, ...] = (None, True, False, 0, 1, "", [])
_SOLUTION = "Solution"
_Gap = tuple[float, float]


def baseline_answers(
    read: dict[str, Any], wanted: ExpectedValues, asked: Sequence[Question]
) -> list[str]:
    """List guesses, the likeliest first: what was *read* in the tests, or a run of them *wanted*.

    Where tests compare exactly, the most frequent answer is the best constant; the others are for
    tests that do not.
    """
    found = wanted.answers + Counter(read["answers"])
    # In the order in which they are found, where they are as frequent.
    literals = [text for text, _ in found.most_common(_LITERALS_MAX)]
    raised = [json.dumps({"raises": one}) for one in read["raised"][:_RAISED_MAX]]
    most = min(_REPEATED_MAX, max(map(_count_arguments, asked), default=0))
    repeats = [json.dumps({"repeats": place}) for place in range(most)]
    fractions = {one for one in map(_fraction, found) if one is not None}
    between = texts(_between(sorted(wanted.bounds | fractions), has_bounds=bool(wanted.bounds)))
    likely = [*literals[:1], *repeats[:1], *raised[:1], *literals[1:3], *repeats[1:]]
    return list(dict.fromkeys([*likely, *raised, *literals, *texts(_ALWAYS), *between]))


def _count_arguments(question: Question) -> int:
    return len(_arguments(question)) if question.operation in ("call", "method") else 0


def _arguments(question: Question) -> list[Any]:
    callee = 2 if question.operation == "method" else 1
    return [*question.on[callee:], *(value for _, value in question.keywords)]


def _fraction(text: str) -> float | None:
    """Read an answer that tests may allow a tolerance; whole numbers are compared exactly."""
    value = json.loads(text)["is"]
    return value if type(value) is float and math.isfinite(value) else None


def _between(numbers: list[float], *, has_bounds: bool) -> Iterator[float]:
    """Find numbers between bounds, or between fractions: first of all between neighbours."""
    if has_bounds:
        yield from (numbers[0] - 1, numbers[-1] + 1)
    pairs = (*_narrowest(pairwise(numbers)), *_narrowest(combinations(numbers[:_GAPS_MAX], 2)))
    for low, high in list(dict.fromkeys(pairs))[:_GAPS_MAX]:
        is_whole = isinstance(low, int) and isinstance(high, int) and high - low > 1
        yield (low + high) // 2 if is_whole else low / 2 + high / 2


def _narrowest(gaps: Iterable[_Gap]) -> list[_Gap]:
    return sorted(gaps, key=lambda gap: gap[1] - gap[0])


class ConstantCandidate(Transcript):
    """The transcript of a candidate that guesses, whatever of its own is called.

    It has functions, and classes whose methods and attributes are all the same.
    """

    def __init__(self, guess: str, classes: Sequence[str], methods: Sequence[str]) -> None:
        """Guess. The names in *classes* are those of classes, with these *methods*."""
        super().__init__([])
        made = json.loads(guess)
        self._repeats: int | None = made.get("repeats")
        kind, said = made.get("raises", ("", ""))
        self._function = _object({"number": 0, "kind": "function", "name": "guess"})
        self._classes: dict[str, Answer] = {}
        self._instances: dict[str, Answer] = {}
        for place, name in enumerate(dict.fromkeys([_SOLUTION, *classes])):
            number = 2 * place + 1
            bases = ["Exception", "BaseException"] if name == kind else []
            described = {"number": number, "kind": "class", "name": name, "bases": bases}
            # What is reached through a `Solution` is a function: `check(Solution().f)`.
            described["methods"] = [] if name == _SOLUTION else methods
            self._classes[name] = _object(described)
            instance = {"number": number + 1, "kind": "instance", "class": number}
            self._instances[name] = _object(instance)
        self.answers = [self._function, *self._classes.values(), *self._instances.values()]
        self._guess = self._raised(kind, said) if kind else _answer({"is": made.get("is")})

    def _raised(self, kind: str, said: str) -> Answer:
        own = self._classes.get(kind)
        raised = {"class": own.numbers[0] if own else kind, "args": [said] if said else []}
        return _answer({"raised": raised | {"text": said, "h": len(self.answers)}})

    def _find_answer(self, question: Question) -> Answer | None:
        match question.operation, question.on:
            case "name", [str() as name]:
                return self._classes.get(name, self._function)
            case "call", [{"at": [int() as place, *_]}, *_] if self._called(place):
                return self._instances[self._called(place)]
            case "getattr", [{"at": [int() as place, *_]}, *_] if not self._is_object(place):
                return self._function
            case "call" | "method", _ if self._repeats is not None:
                return _repeated(question, self._repeats)
        return self._guess

    def _called(self, place: int) -> str:
        """Name the class that is called, if what was asked about at *place* is one."""
        question = self.asked[place]
        name = question.on[0] if question.operation == "name" else ""
        return name if name in self._classes else ""

    def _is_object(self, place: int) -> bool:
        """Tell whether what was asked about at *place* is an instance, and no `Solution`."""
        answer = self.asked[place].answer
        instances = (one for name, one in self._instances.items() if name != _SOLUTION)
        return any(answer is one for one in instances)


def _repeated(question: Question, place: int) -> Answer:
    """Answer by an argument, if there is one and it is plain; else by None."""
    arguments = _arguments(question)
    repeated = arguments[place] if place < len(arguments) else None
    is_plain = '"at"' not in json.dumps(repeated)
    return _answer({"is": repeated if is_plain else None})


def _object(described: dict[str, Any]) -> Answer:
    return _answer({"is": {"h": described["number"]}, "met": [described]})


def _answer(body: dict[str, Any]) -> Answer:
    return Answer.read("finished", json.dumps(body), "")
