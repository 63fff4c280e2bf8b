"""Try a checker program before any candidate: it must accept what the dataset itself expects.

In: test plans with a checker program. Out: for each plan a `Trial`, which does not depend on a
candidate, so it is cached. It says whose fault a crash is: a checker that fails on the expected
output is the dataset's fault, and the sample is ungraded. One that accepts the expected output and
fails on a candidate's was given a malformed output, so that no candidate can choose *ungraded*.

The trial also finds out which cases guesses pass. A guess does not depend on the problem: nothing,
0, 1, an expected output that is frequent or short, the input, or its first line. A guess that the
checker refuses for a few cases is not tried on the others, so that guesses cost little. A checker
that accepts nonsense for every case is the dataset's fault, too: it would pay anybody.
"""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial

from nova_code_verifier.sandbox.types import Executor
from nova_code_verifier.verifier.bounded_cache import FindingCache
from nova_code_verifier.verifier.checking.program import (
    Check,
    CheckRequest,
    Opinion,
    ask_checkers,
    encoded,
    is_expected,
)
from nova_code_verifier.verifier.errors import VerifierError
from nova_code_verifier.verifier.types import CheckerProgram, FailureClass, StdioCase, TestPlan

_CACHED_INDICES_MAX = 2**20
# No problem has these as an answer to all of its cases, unless it expects them.
_NONSENSE = {b"": "an empty output", b"-982451653\n": "the output -982451653"}
_CONSTANTS = (b"0\n", b"1\n")
_EXPECTED_GUESSES = 2
_MAX_GUESS_BYTES = 2**14
_SCREENED_CASES = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What a checker does without a candidate.

    `seconds` is how long it took for all expected outputs. `guessed` holds, for each guess, the
    indices of the cases that it passes. With a `problem`, the checker cannot be used, and `failure`
    says whose fault that is. It is not *certain* if a check of a guess was ended by a crash or a
    limit.
    """

    seconds: float = 0.0
    guessed: tuple[frozenset[int], ...] = ()
    problem: str = ""
    failure: FailureClass = FailureClass.DATA
    is_certain: bool = True


class TrialCache:
    """Trials by checker and test cases: trainers send many completions of one prompt."""

    def __init__(self) -> None:
        """Start empty."""
        self._trials = FindingCache[bytes, Trial](_CACHED_INDICES_MAX)

    def get(self, key: bytes) -> Trial | None:
        """Return the cached trial, if there is one."""
        return self._trials.get(key)

    def put(self, key: bytes, trial: Trial) -> None:
        """Cache a trial; drop those that were not used for the longest time.

        A problem, and a checker that met a limit, may be due to the machine: see `FindingCache`.
        """
        is_certain = trial.is_certain and not trial.problem
        self._trials.put(key, trial, _size(trial), is_certain=is_certain)


def _size(trial: Trial) -> int:
    return 64 + sum(map(len, trial.guessed))


@dataclass(slots=True, kw_only=True)
class _OpenTrial:
    """The trial of one plan, so far."""

    program: CheckerProgram
    cases: tuple[StdioCase, ...]
    guesses: list["_Guess"] = field(default_factory=list)
    result: Trial = Trial()
    is_certain: bool = True


@dataclass(slots=True, kw_only=True)
class _Guess:
    """A guess, and the cases that it passes. Nonsense has a `name`: a checker must refuse it.

    The cases of `open` expect another output than the guess, so that the checker has to decide.
    """

    answer: Callable[[StdioCase], bytes]
    name: str = ""
    passed: set[int] = field(default_factory=set)
    open: list[int] = field(default_factory=list)


def try_checkers(plans: Sequence[TestPlan], executor: Executor, cache: TrialCache) -> list[Trial]:
    """Return the trial of each plan, from the *cache* if it is there."""
    keys = [_key(plan) for plan in plans]
    trials = {key: cache.get(key) for key in keys}
    new = {
        key: _OpenTrial(program=plan.checker_program, cases=_stdio_cases(plan))
        for key, plan in zip(keys, plans, strict=True)
        if trials[key] is None and plan.checker_program
    }
    _try_expected(list(new.values()), executor)
    sound = [trial for trial in new.values() if not trial.result.problem]
    for trial in sound:
        trial.guesses = list(_guesses(trial.cases))
    _try_guesses(sound, executor)
    for key, trial in new.items():
        trials[key] = trial.result
        if not trial.result.failure.is_outage:
            cache.put(key, trial.result)
    return [trials[key] or Trial() for key in keys]


def _key(plan: TestPlan) -> bytes:
    """Return a digest of the checker and the test cases."""
    program = plan.checker_program
    texts = [program.contract, program.source, program.path] if program else []
    for case in _stdio_cases(plan):
        texts += [case.stdin, case.expected_stdout]
    digest = hashlib.sha256()
    for text in texts:
        data = encoded(text)
        digest.update(len(data).to_bytes(8, "big"))
        digest.update(data)
    return digest.digest()


def _stdio_cases(plan: TestPlan) -> tuple[StdioCase, ...]:
    return tuple(case for case in plan.cases if isinstance(case, StdioCase))


# -- the expected outputs --------------------------------------------------------------


def _try_expected(trials: Sequence[_OpenTrial], executor: Executor) -> None:
    requests = [
        CheckRequest(
            trial.program, [Check(case, encoded(case.expected_stdout)) for case in trial.cases]
        )
        for trial in trials
    ]
    for number, opinions in ask_checkers(requests, executor):
        trials[number].result = _judge_expected(trials[number].program, opinions)


def _judge_expected(program: CheckerProgram, opinions: Sequence[Opinion]) -> Trial:
    if outage := _outage_among(opinions):
        return outage
    for number, opinion in enumerate(opinions, start=1):
        if not opinion.accepts:
            problem = f"on the expected output of test case {number}, {opinion.message}"
            return _unusable(program, f"{problem}; expected a checker that accepts it")
    return Trial(seconds=sum(opinion.seconds for opinion in opinions))


def _outage_among(opinions: Sequence[Opinion]) -> Trial | None:
    outage = next((opinion for opinion in opinions if opinion.failure.is_outage), None)
    return Trial(problem=outage.message, failure=outage.failure) if outage else None


def _unusable(program: CheckerProgram, problem: str) -> Trial:
    return Trial(problem=str(VerifierError(program.path, problem)))


# -- guesses ---------------------------------------------------------------------------


def _guesses(cases: Sequence[StdioCase]) -> Iterator[_Guess]:
    for constant, name in _NONSENSE.items():
        yield _Guess(answer=partial(_constant, constant), name=name)
    for constant in _CONSTANTS:
        yield _Guess(answer=partial(_constant, constant))
    counts = Counter(encoded(case.expected_stdout) for case in cases)
    short = [text for text in counts if len(text) <= _MAX_GUESS_BYTES]
    likely = sorted(short, key=lambda text: (-counts[text], len(text), text))
    for text in likely[:_EXPECTED_GUESSES]:
        yield _Guess(answer=partial(_constant, text))
    yield _Guess(answer=_whole_input)
    yield _Guess(answer=_first_line)


def _constant(output: bytes, _case: StdioCase) -> bytes:
    return output


def _whole_input(case: StdioCase) -> bytes:
    return encoded(case.stdin[:_MAX_GUESS_BYTES])


def _first_line(case: StdioCase) -> bytes:
    return encoded(case.stdin[:_MAX_GUESS_BYTES].partition("\n")[0])


def _try_guesses(trials: Sequence[_OpenTrial], executor: Executor) -> None:
    pairs = [(trial, guess) for trial in trials for guess in trial.guesses]
    for trial, guess in pairs:
        for index, case in enumerate(trial.cases):
            is_open = not is_expected(case, guess.answer(case))
            (guess.open.append if is_open else guess.passed.add)(index)
    few = [(trial, guess, _spread(guess.open)) for trial, guess in pairs]
    accepted = _try_on(few, executor)
    rest = [
        (trial, guess, sorted({*guess.open} - {*indices}))
        for (trial, guess, indices), is_accepted in zip(few, accepted, strict=True)
        if is_accepted
    ]
    _try_on(rest, executor)
    for trial in trials:
        if not trial.result.problem:
            trial.result = _conclude(trial)


def _spread(indices: Sequence[int]) -> Sequence[int]:
    """Return a few of the indices, from all parts of the list."""
    return indices[:: -(-len(indices) // _SCREENED_CASES) or 1]


def _try_on(
    tries: Sequence[tuple[_OpenTrial, _Guess, Sequence[int]]], executor: Executor
) -> list[bool]:
    """Try each guess on cases; return for each whether the checker accepted it somewhere."""
    requests = [
        CheckRequest(
            trial.program, [Check(trial.cases[i], guess.answer(trial.cases[i])) for i in indices]
        )
        for trial, guess, indices in tries
    ]
    accepted = [False] * len(tries)
    for number, opinions in ask_checkers(requests, executor):
        trial, guess, indices = tries[number]
        passed = [i for i, opinion in zip(indices, opinions, strict=True) if opinion.accepts]
        guess.passed.update(passed)
        accepted[number] = bool(passed)
        trial.is_certain &= all(opinion.is_certain for opinion in opinions)
        trial.result = _outage_among(opinions) or trial.result
    return accepted


def _conclude(trial: _OpenTrial) -> Trial:
    """Return the trial, which fails if the checker accepts nonsense for every test case.

    Another guess that passes all cases may be a right program.
    """
    for guess in trial.guesses:
        if guess.name and guess.open and len(guess.passed) == len(trial.cases):
            problem = f"found a checker that accepts {guess.name} for every test case"
            return _unusable(trial.program, f"{problem}; expected one that refuses wrong outputs")
    passed = tuple(frozenset(guess.passed) for guess in trial.guesses if guess.passed)
    return Trial(seconds=trial.result.seconds, guessed=passed, is_certain=trial.is_certain)
