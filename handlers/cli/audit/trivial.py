"""Write trivial programs: they solve nothing, so tests must not accept them.

In: a test plan, the text of the prompt. Out: programs, each with a description.

They know nothing of the tests: what a constant of the tests earns is the guess baseline, which
every score has (`verifier/scoring/guess_baseline.py`). Answers in the prompt are no secret.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from nova_code_verifier.handlers.cli.audit.examples import calls_in
from nova_code_verifier.verifier.reference.entry_points import entry_points
from nova_code_verifier.verifier.types import CodePlan, StdioCase, TestPlan

_CONSTANTS: tuple[object, ...] = (None, True, False, 0, 1, "", [])
_OUTPUTS = ("0", "1", "YES")
_NAMES_MAX = 8
_HARD_CODED_MAX = 2**18
_ECHO = "import sys\nsys.stdout.write(sys.stdin.read())"
_PRINTS_ANSWER = "import sys\nANSWERS = {}\nsys.stdout.write(ANSWERS.get(sys.stdin.read(), ''))"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trivial:
    """A program, and what it does: `a program that ...`."""

    does: str
    program: str


def trivial_programs(plan: TestPlan | CodePlan, prompt: str) -> list[Trivial]:
    """Return the trivial programs for *plan*; *prompt* is the text that a model is given."""
    empty = Trivial(does="is empty", program="pass")
    if isinstance(plan, TestPlan) and isinstance(plan.cases[0], StdioCase):
        return [empty, *_for_stdio(plan, prompt)]
    return [empty, *_for_calls(plan, prompt)]


def _for_stdio(plan: TestPlan, prompt: str) -> Iterator[Trivial]:
    cases = [case for case in plan.cases if isinstance(case, StdioCase)]
    yield Trivial(does="prints its input", program=_ECHO)
    for output in _OUTPUTS:
        yield Trivial(does=f"always prints {output}", program=f"print({output!r})")
    given = {
        case.stdin: case.expected_stdout
        for case in cases
        if _is_shown(case.stdin, prompt) and _is_shown(case.expected_stdout, prompt)
    }
    if given and len(repr(given)) <= _HARD_CODED_MAX:
        program = _PRINTS_ANSWER.replace("{}", repr(given))
        yield Trivial(does="knows the examples of the prompt only", program=program)


def _is_shown(text: str, prompt: str) -> bool:
    """Return whether the lines of *text* stand in *prompt*, one after the other."""
    lines = [line.strip() for line in text.strip().splitlines()]
    shown = [line.strip() for line in prompt.splitlines()]
    starts = (index for index, line in enumerate(shown) if lines and line == lines[0])
    return any(shown[start : start + len(lines)] == lines for start in starts)


def _for_calls(plan: TestPlan | CodePlan, prompt: str) -> Iterator[Trivial]:
    names = sorted(entry_points(plan))[:_NAMES_MAX]
    if not names:
        return
    for value in _CONSTANTS:
        program = _defined(names, f"return {value!r}")
        yield Trivial(does=f"always returns {value!r}", program=program)
    program = _defined(names, "return args[0] if args else None")
    yield Trivial(does="returns its first argument", program=program)
    answers = calls_in(prompt, names)
    if answers and len(repr(answers)) <= _HARD_CODED_MAX:
        program = f"ANSWERS = {answers!r}\n" + _defined(names, "return ANSWERS.get(repr(args))")
        yield Trivial(does="knows the examples of the prompt only", program=program)


def _defined(names: Iterable[str], body: str) -> str:
    """Define each name: `f`, or `Name().f` as a method of its class."""
    functions, classes = [], dict[str, list[str]]()
    for name in names:
        owner, _, method = name.partition("().")
        if method:
            lines = classes.setdefault(owner, [])
            lines.append(f"    def {method}(self, *args, **kwargs):\n        {body}\n")
        else:
            functions.append(f"def {name}(*args, **kwargs):\n    {body}\n")
    whole = [f"class {owner}:\n{''.join(lines)}" for owner, lines in classes.items()]
    return "\n".join(functions + whole)
