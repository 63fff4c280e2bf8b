"""Guesses: candidates that give the same answer to every call, or return an argument.

In: what the tests expect; or one guess. Out: the guesses that are worth a try; or a candidate that
answers everything with that guess.

A guess is JSON. `{"is": …}` is a constant answer, in the typed encoding; `{"raises": [name,
message]}` is an exception that is always raised; `{"repeats": n}` returns the argument with that
index. With `"awaited": [names]`, these functions are coroutine functions.
"""

import builtins
import json
import math
import random
import sys
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from itertools import combinations, pairwise
from typing import Any

from nova_code_verifier.sandbox.protocol.encoding import from_tree
from nova_code_verifier.verifier.test_code.harness.candidates import Candidate, is_tool_attribute
from nova_code_verifier.verifier.test_code.harness.expectations import (
    ExpectedValues,
    may_expect_nan,
    may_expect_stop,
    texts,
)

_REPEATED_MAX, _LITERALS_MAX, _EXCEPTIONS_MAX, _GAPS_MAX = 4, 8, 3, 10
_ALWAYS: tuple[object, ...] = (None, True, False, 0, 1, "", [])
_SOLUTION = "Solution"
_SEED = 2  # another one than the recorder's: what tests draw at random is no constant
_PARTS = 4
_ANSWERS_OF_ITEM_MAX = 100_000
_Gap = tuple[float, float]


def baseline_answers(
    source: str,
    answers: Mapping[str, int],
    exceptions: Sequence[list[str]],
    expected: ExpectedValues,
    calls: Collection[int],
) -> list[str]:
    """List guesses, the likeliest first.

    They come from the *source* of the tests, which shows *answers* and *exceptions*; from the
    values that a run of them *expected*; and from the numbers of arguments of its *calls*. Where
    tests compare exactly, the most frequent answer is the best constant; the others are for tests
    that do not.
    """
    found = expected.answers + Counter(answers)
    # Equally frequent answers stay in the order in which they are found.
    literals = [text for text, _ in found.most_common(2 * _LITERALS_MAX)]
    raised = [json.dumps({"raises": error}) for error in exceptions[:_EXCEPTIONS_MAX]]
    most = min(_REPEATED_MAX, max(calls, default=0))
    repeats = [json.dumps({"repeats": index}) for index in range(most)]
    fractions = {value for value in map(_fraction, found) if value is not None}
    numbers = sorted(expected.bounds | fractions)
    between = texts(_between(numbers, has_bounds=bool(expected.bounds)))
    composed = list(expected.composed())
    likely = [*literals[:1], *repeats[:1], *raised[:1], *_odd(source), *composed[:1]]
    likely += [*literals[1:3], *repeats[1:], *composed, *raised, *literals[:_LITERALS_MAX]]
    likely += [*texts(_ALWAYS), *between, *literals]
    awaited = sorted(expected.awaited)
    return [_with_awaited(guess, awaited) for guess in dict.fromkeys(likely)]


def _with_awaited(guess: str, awaited: Sequence[str]) -> str:
    return json.dumps(json.loads(guess) | {"awaited": awaited}) if awaited else guess


def _odd(source: str) -> Iterator[str]:
    """Yield nan, empty parts and StopIteration, which pass tests that do not really compare.

    Only for tests that speak of them. In others, no item passes with nan or StopIteration
    (`harness/run.py`, `harness/session.py`).
    """
    if may_expect_nan(source):
        yield from texts([math.nan])
    if " not in " in source or "assertNotIn" in source:
        yield from texts([[[]] * _PARTS])  # nothing is in any part of such an answer
    if may_expect_stop(source):
        yield json.dumps({"raises": ["StopIteration", ""]})


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


class GuessEndedError(BaseException):
    """An item calls a guess so often that it may never end: `while q.pop() != 3`.

    A limit of time would end it as well, but not at the same call each time.
    """


class GuessCandidate(Candidate):
    """A candidate that gives the same guess for every call.

    It has functions, and classes whose methods and attributes are all the same.
    """

    def __init__(self, guess: str, classes: Iterable[str], methods: Iterable[str]) -> None:
        """Answer with *guess*. The names in *classes* are classes, with these *methods*.

        This sets `random` to a known state, so that all guesses meet the same tests.
        """
        random.seed(_SEED)
        self._answers = 0
        constants: list[str] = []
        json.loads(guess, parse_constant=constants.append)
        self._is_nan = "NaN" in constants
        parsed = json.loads(guess)
        self._tree: Any = parsed.get("is")
        self._repeats: int | None = parsed.get("repeats")
        self._raises: list[str] | None = parsed.get("raises")
        self._awaited = frozenset(parsed.get("awaited", ()))
        self._classes = {name: _new_class(self, name, methods) for name in classes}
        self._classes[_SOLUTION] = _new_class(self, _SOLUTION, None)
        self._functions: dict[str, _Function] = {}

    def find(self, name: str) -> object:
        """Return a class or a function."""
        return self._classes.get(name) or self.function(name)

    @property
    def is_raising(self) -> bool:
        """Whether the guess is an exception."""
        return self._raises is not None

    def is_stand_in(self, value: object) -> bool:
        """Return whether a value is one of the classes, objects or functions."""
        return isinstance(value, _Function | _Class) or isinstance(type(value), _Class)

    def begin_item(self, _name: str) -> None:
        """Begin a test item."""
        self.raised, self.has_nan, self._answers = None, False, 0

    def function(self, name: str) -> "_Function":
        """Return the function of this name."""
        return self._functions.setdefault(name, _Function(self, name))

    def answer(self, args: Sequence[object] = ()) -> Any:  # noqa: ANN401  (any answer)
        """Return the guess, made anew; or raise it. Raises GuessEndedError."""
        self._answers += 1
        if self._answers > _ANSWERS_OF_ITEM_MAX:
            raise GuessEndedError
        if self._raises:
            self.raised = self._new_exception(*self._raises)
            raise self.raised
        if self._repeats is not None:
            return args[self._repeats] if self._repeats < len(args) else None
        self.has_nan |= self._is_nan
        return from_tree(self._tree)

    def _new_exception(self, name: str, message: str) -> BaseException:
        kind = self._classes.get(name.rpartition(".")[2]) or _exception(name)
        args = (message,) if message else ()
        try:
            error: BaseException = kind(*args)
        except TypeError:  # it wants other arguments, as `UnicodeDecodeError` does
            error = kind.__new__(kind, *args)
            error.args = args
        return error

    def called(self, name: str, args: Sequence[object], kwargs: dict[str, object]) -> object:
        """Return the guess for a call of a function or a method."""
        arguments = [*args, *kwargs.values()]
        return self._later(arguments) if name in self._awaited else self.answer(arguments)

    async def _later(self, arguments: Sequence[object]) -> object:
        return self.answer(arguments)


def _exception(name: str) -> Any:  # noqa: ANN401  (an exception class)
    """Find an exception of Python's, or of a module that is loaded: `json.JSONDecodeError`."""
    module, _, own_name = name.rpartition(".")
    found = getattr(sys.modules.get(module) if module else builtins, own_name, None)
    is_exception = isinstance(found, type) and issubclass(found, BaseException)
    return found if is_exception else Exception


class _Function:
    """A function that returns the guess; its attributes are functions, too."""

    def __init__(self, candidate: GuessCandidate, name: str) -> None:
        self._candidate, self.__name__ = candidate, name

    def __call__(self, *args: object, **kwargs: object) -> object:
        return self._candidate.called(self.__name__, args, kwargs)

    def __getattr__(self, name: str) -> "_Function":
        return self._candidate.function(_checked(name))


class _Class(type):
    """A class whose attributes are functions."""

    _candidate_: GuessCandidate

    def __getattr__(cls, name: str) -> _Function:
        return cls._candidate_.function(_checked(name))

    def __getitem__(cls, key: object) -> object:
        return cls._candidate_.answer()


def _new_class(candidate: GuessCandidate, name: str, methods: Iterable[str] | None) -> Any:  # noqa: ANN401  (a class)
    """Make a class; an exception class, too, as tests may expect it raised.

    All that it has is the guess; without *methods*, all is a function: `check(Solution().f)`.
    """
    known = None if methods is None else frozenset(methods)

    def initialize(_self: object, *_args: object, **_kwargs: object) -> None:
        """Accept any arguments."""

    def find(_self: object, attribute: str) -> object:
        if known is None or _checked(attribute) in known:
            return candidate.function(_checked(attribute))
        return candidate.answer()

    def show(self: Exception) -> str:
        shown = Exception.__str__(self) if candidate.is_raising else candidate.answer()
        return shown if type(shown) is str else object.__repr__(self)

    names: dict[str, Any] = {
        "_candidate_": candidate, "__module__": "solution", "__init__": initialize,
        "__getattr__": find, "__bool__": lambda _: True,
    }  # fmt: skip
    if known is not None:
        names |= {special: _special(candidate) for special in _SPECIALS}
        names |= {"__str__": show, "__repr__": show}
        names["__iter__"] = lambda _: iter(candidate.answer())
    return _Class(name, (Exception,), names)


_SPECIALS = ("__call__", "__contains__", "__getitem__", "__len__")


def _special(candidate: GuessCandidate) -> Callable[..., object]:
    def method(_self: object, *args: object, **kwargs: object) -> object:
        return candidate.called("", args, kwargs)

    return method


def _checked(name: str) -> str:
    """Return an attribute's name. Raises AttributeError for one that Python and tools look for."""
    if is_tool_attribute(name):
        raise AttributeError(name)
    return name
