"""Guesses: candidates that give the same answer to every question, or return an argument.

In: what the tests expect; or one guess. Out: the guesses that are worth a try; or a transcript in
which that guess answers every question.

A guess is JSON. `{"is": …}` is a constant answer, as a candidate's guest writes it;
`{"raises": [name, message]}` is an exception that is always raised; `{"repeats": n}` returns the
argument with that index.
"""

import json
import math
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations, pairwise

from nova_code_verifier.verifier.test_code.harness.expectations import (
    ExpectedValues,
    may_expect_nan,
    may_expect_stop,
    texts,
)
from nova_code_verifier.verifier.test_code.harness.transcript import (
    Answer,
    AskedQuestion,
    Transcript,
)
from nova_code_verifier.verifier.test_code.protocol import CompiledTests, Question, Tree

_REPEATED_MAX, _LITERALS_MAX, _EXCEPTIONS_MAX, _GAPS_MAX = 4, 8, 3, 10
_ALWAYS: tuple[object, ...] = (None, True, False, 0, 1, "", [])
_SOLUTION = "Solution"
_Gap = tuple[float, float]


def baseline_answers(
    compiled: CompiledTests, source: str, expected: ExpectedValues, asked: Sequence[Question]
) -> list[str]:
    """List guesses, the likeliest first.

    They come from the *source* of the tests, from the values that a run of them *expected*, and
    from the questions that the run *asked*. Where tests compare exactly, the most frequent answer
    is the best constant; the others are for tests that do not.
    """
    found = expected.answers + Counter(compiled.expected_answers)
    # Equally frequent answers stay in the order in which they are found.
    literals = [text for text, _ in found.most_common(_LITERALS_MAX)]
    exceptions = compiled.expected_exceptions[:_EXCEPTIONS_MAX]
    raised = [json.dumps({"raises": exception}) for exception in exceptions]
    most = min(_REPEATED_MAX, max((len(_arguments(question)) for question in asked), default=0))
    repeats = [json.dumps({"repeats": index}) for index in range(most)]
    fractions = {value for value in map(_fraction, found) if value is not None}
    numbers = sorted(expected.bounds | fractions)
    between = texts(_between(numbers, has_bounds=bool(expected.bounds)))
    likely = [*literals[:1], *repeats[:1], *raised[:1], *_odd(source), *literals[1:3], *repeats[1:]]
    return list(dict.fromkeys([*likely, *raised, *literals, *texts(_ALWAYS), *between]))


def _odd(source: str) -> Iterator[str]:
    """Yield nan and StopIteration, which pass tests that do not really compare.

    Only for tests that speak of them: in others, no item passes with such an answer
    (`harness/runner.py`, `harness/session.py`).
    """
    if may_expect_nan(source):
        yield from texts([math.nan])
    if may_expect_stop(source):
        yield json.dumps({"raises": ["StopIteration", ""]})


def _arguments(question: Question) -> list[Tree]:
    """Return the arguments of a call; none for another operation."""
    start = {"call": 1, "method": 2}.get(question.operation)
    if start is None:
        return []
    return [*question.operands[start:], *(value for _, value in question.keywords)]


def _fraction(text: str) -> float | None:
    """Read an answer that tests may compare with a tolerance; they compare integers exactly."""
    value = json.loads(text)["is"]
    return value if type(value) is float and math.isfinite(value) else None


def _between(numbers: list[float], *, has_bounds: bool) -> Iterator[float]:
    """Find numbers between bounds, or between fractions: between neighbours first."""
    if has_bounds:
        yield from (numbers[0] - 1, numbers[-1] + 1)
    pairs = (*_narrowest(pairwise(numbers)), *_narrowest(combinations(numbers[:_GAPS_MAX], 2)))
    for low, high in list(dict.fromkeys(pairs))[:_GAPS_MAX]:
        is_whole = isinstance(low, int) and isinstance(high, int) and high - low > 1
        yield (low + high) // 2 if is_whole else low / 2 + high / 2


def _narrowest(gaps: Iterable[_Gap]) -> list[_Gap]:
    return sorted(gaps, key=lambda gap: gap[1] - gap[0])


class ConstantCandidate(Transcript):
    """The transcript of a candidate that gives the same guess for every call.

    It has functions, and classes whose methods and attributes are all the same.
    """

    def __init__(self, guess: str, classes: Sequence[str], methods: Sequence[str]) -> None:
        """Answer with *guess*. The names in *classes* are classes, with these *methods*."""
        super().__init__()
        parsed = json.loads(guess)
        self._repeats: int | None = parsed.get("repeats")
        raised, message = parsed.get("raises", ("", ""))
        self._function = _object({"number": 0, "kind": "function", "name": "guess"})
        self._classes: dict[str, Answer] = {}
        self._instances: dict[str, Answer] = {}
        for index, name in enumerate(dict.fromkeys([_SOLUTION, *classes])):
            number = 2 * index + 1
            bases = ["Exception", "BaseException"] if name == raised else []
            described = {"number": number, "kind": "class", "name": name, "bases": bases}
            # An attribute of a `Solution` is a function: `check(Solution().f)`.
            described["methods"] = [] if name == _SOLUTION else methods
            self._classes[name] = _object(described)
            instance = {"number": number + 1, "kind": "instance", "class": number}
            self._instances[name] = _object(instance)
        self.answers = [self._function, *self._classes.values(), *self._instances.values()]
        self._guess = self._raised(raised, message) if raised else _answer({"is": parsed.get("is")})

    def _raised(self, name: str, message: str) -> Answer:
        own = self._classes.get(name)
        raised = {"class": own.numbers[0] if own else name, "args": [message] if message else []}
        return _answer({"raised": raised | {"text": message, "h": len(self.answers)}})

    def _find_answer(self, asked: AskedQuestion) -> Answer | None:
        question = asked.question
        match question.operation, question.operands:
            case "name", [str() as name]:
                return self._classes.get(name, self._function)
            case "call", [{"at": [int() as index, *_]}, *_] if self._called_class(index):
                return self._instances[self._called_class(index)]
            case "getattr", [{"at": [int() as index, *_]}, *_] if not self._is_object(index):
                return self._function
            case "call" | "method", _ if self._repeats is not None:
                return _repeated(question, self._repeats)
        return self._guess

    def _called_class(self, index: int) -> str:
        """Return the name of the class that question *index* asked for; "" if it is no class."""
        question = self.asked[index].question
        name = question.operands[0] if question.operation == "name" else ""
        return name if name in self._classes else ""

    def _is_object(self, index: int) -> bool:
        """Return whether the answer to question *index* is an instance, and no `Solution`."""
        answer = self.asked[index].answer
        return any(answer is self._instances[name] for name in self._instances.keys() - {_SOLUTION})


def _repeated(question: Question, index: int) -> Answer:
    """Answer with an argument; with None if there is no such argument, or it is no plain data."""
    arguments = _arguments(question)
    repeated = arguments[index] if index < len(arguments) else None
    is_plain = '"at"' not in json.dumps(repeated)
    return _answer({"is": repeated if is_plain else None})


def _object(described: dict[str, Tree]) -> Answer:
    return _answer({"is": {"h": described["number"]}, "met": [described]})


def _answer(body: dict[str, Tree]) -> Answer:
    return Answer.read("finished", json.dumps(body), "")
