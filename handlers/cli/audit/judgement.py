"""Judge the tests of a row by what its programs did.

In: a problem, the results of its runs. Out: findings, always in the same order.
"""

import math
from collections.abc import Iterator, Sequence

from nova_code_verifier.handlers.cli.audit.cases import compare_cases
from nova_code_verifier.handlers.cli.audit.findings import Finding, Kind, Severity
from nova_code_verifier.handlers.cli.audit.options import Options
from nova_code_verifier.handlers.cli.audit.problem import Problem
from nova_code_verifier.handlers.cli.audit.trials import Result, Results
from nova_code_verifier.verifier.types import CodePlan, Verdict

_TESTS = "tests"
_TIME_FACTOR = 3
_FIELDS_SHOWN = 3
_FIX = "mend the solution or the tests; else leave the row out"
_FIX_BY_VERDICT = {
    Verdict.TIME_LIMIT_EXCEEDED: "raise limits.cpu_seconds, or leave the row out",
    Verdict.MEMORY_LIMIT_EXCEEDED: "raise limits.memory_mb, or leave the row out",
    Verdict.OUTPUT_LIMIT_EXCEEDED: "raise limits.output_bytes, or leave the row out",
}


def judge_problem(problem: Problem, results: Results, options: Options) -> list[Finding]:
    """Return all findings about *problem*."""
    if problem.refusal:
        return [_refused(problem.refusal)]
    if problem.plan is None:
        text = "found a label or a text, which programs cannot be run against"
        return [_note(Kind.NO_TESTS, "reference", text, "nothing; the audit looks at tests only")]
    return list(_findings(problem, results, options))


def _findings(problem: Problem, results: Results, options: Options) -> Iterator[Finding]:
    lost = next((run for run in results.all if run.failure.is_outage), None)
    if lost is not None:
        yield _error(Kind.OUTAGE, "row", lost.problem, "audit the row again")
        return
    yield from _shared(problem, results)
    broken = _broken(results)
    if broken and results.missing:
        yield _missing(results)
    elif broken:
        yield _refused(broken)
    else:
        yield from _gold(problem, results)
        yield from _guesses(problem, results, options)
    yield from _cases(problem, results)
    for note in problem.plan.notes if problem.plan else ():
        field, _, text = note.partition(": ")
        yield _note(Kind.READ_OTHERWISE, field, text, "nothing, if that is what is meant")


def _broken(results: Results) -> str:
    """Return why no run has a verdict; "" if one has. Gold solutions count before others."""
    runs = [run for runs in results.golds for run in runs] or results.trivials
    return runs[0].problem if runs and all(run.is_broken for run in runs) else ""


def _shared(problem: Problem, results: Results) -> Iterator[Finding]:
    if results.unshared:
        field, _, text = results.unshared.partition(": ")
        fix = "set shared_process: true in the row, or run with --shared-process allow"
        yield _error(Kind.NEEDS_SHARED_PROCESS, field, text.partition(";")[0], fix)
    elif any(run.shared_process for run in results.all):
        asked = isinstance(problem.plan, CodePlan) and problem.plan.test_code.shared_process
        how = "shared_process is true" if asked else "no session carries them"
        text = f"tests and candidate run in one process ({how}), where a candidate can cheat"
        yield _note(Kind.NEEDS_SHARED_PROCESS, _TESTS, text, "rewrite the tests, if you can")


# -- gold solutions --------------------------------------------------------------------


def _gold(problem: Problem, results: Results) -> Iterator[Finding]:
    golds = problem.programs
    if problem.golds and not golds:
        text = "found no program that Python 3 can parse"
        yield _error(Kind.GOLD_FAILS, problem.golds[0].field, text, "give a solution in Python 3")
        return
    flaky = [index for index, runs in enumerate(results.golds) if _varies(runs)]
    failed = [index for index, runs in enumerate(results.golds) if not runs[0].is_accepted]
    if results.under_load and results.steady is not None and not results.under_load.is_accepted:
        how = _remark(results.under_load)
        yield _error(
            Kind.FLAKY,
            golds[results.steady].field,
            f"always passes, but not beside busy processes: {how}",
            "remove what the tests ask of the clock, or raise limits; else leave the row out",
        )
    elif flaky:
        runs = results.golds[flaky[0]]
        passed, unlike = sum(run.is_accepted for run in runs), _failing(runs)
        how = "" if passed else ", which differ"
        yield _error(
            Kind.FLAKY,
            golds[flaky[0]].field,
            f"passes {passed} of {len(runs)} runs{how}: {_remark(unlike)}",
            "remove chance, the clock or the order of sets from the tests; else leave the row out",
        )
    elif golds and results.steady is None:
        yield _always_fails(problem, results)
    elif failed:
        fields = [golds[index].field for index in failed]
        more = "" if len(fields) <= _FIELDS_SHOWN else ", ..."
        text = f"fails: {_remark(results.golds[failed[0]][0])}; {len(golds) - len(failed)} pass"
        field = ", ".join(fields[:_FIELDS_SHOWN]) + more
        yield _warning(Kind.GOLD_FAILS, field, text, "remove the wrong solution, or mend the tests")
    if results.steady is not None and problem.plan is not None:
        seconds = min(run.cpu_seconds for run in results.golds[results.steady])
        if seconds * _TIME_FACTOR > problem.plan.limits.cpu_seconds:
            yield _slow(Severity.WARNING, golds[results.steady].field, seconds, problem)


def _always_fails(problem: Problem, results: Results) -> Finding:
    gold, (run, *_) = problem.programs[0], results.golds[0]
    if results.longer and results.longer.is_accepted:
        late = next(
            gold
            for gold, runs in zip(problem.programs, results.golds, strict=True)
            if runs[0].verdict is Verdict.TIME_LIMIT_EXCEEDED
        )
        return _slow(Severity.ERROR, late.field, results.longer.cpu_seconds, problem)
    if results.missing:
        return _missing(results)
    count = len(problem.programs)
    text = f"fails: {_remark(run)}" if count == 1 else f"all {count} fail: {_remark(run)}"
    fix = _FIX_BY_VERDICT.get(run.verdict, _FIX)
    return _error(Kind.GOLD_FAILS, gold.field, text, fix)


def _slow(severity: Severity, field: str, seconds: float, problem: Problem) -> Finding:
    assert problem.plan is not None  # noqa: S101  (it has run)
    limit, suggested = problem.plan.limits.cpu_seconds, math.ceil(seconds * _TIME_FACTOR)
    is_code = isinstance(problem.plan, CodePlan)
    what = "the tests together need" if is_code else "a test case needs"
    return Finding(
        kind=Kind.SLOW,
        severity=severity,
        field=field,
        problem=f"{what} {seconds:.1f} s of CPU time; limits.cpu_seconds is {limit:g}",
        fix=f'set "limits": {{"cpu_seconds": {suggested}}}',
    )


def _missing(results: Results) -> Finding:
    names = ", ".join(results.missing)
    fix = "install it where programs run, or leave the row out"
    return _error(Kind.MISSING_LIBRARY, _TESTS, f"the sandbox has no module {names}", fix)


def _varies(runs: Sequence[Result]) -> bool:
    return len({(run.is_accepted, run.accepted) for run in runs}) > 1


def _failing(runs: Sequence[Result]) -> Result:
    return next((run for run in runs if not run.is_accepted), runs[0])


def _remark(run: Result) -> str:
    verdict = run.verdict.replace("_", " ")
    counts = f"{sum(run.accepted)} of {len(run.accepted)} tests pass" if run.accepted else ""
    return ", ".join(filter(None, (verdict, counts, run.remark)))


# -- guesses ---------------------------------------------------------------------------


def _guesses(problem: Problem, results: Results, options: Options) -> Iterator[Finding]:
    graded = [run for run in results.all if run.verdict is not Verdict.UNGRADED]
    baseline = max((run.guess_baseline for run in graded), default=0.0)
    total = max((len(run.accepted) for run in graded), default=0)
    pairs = list(zip(problem.trivials, results.trivials, strict=True))
    passing = [trivial.does for trivial, run in pairs if run.is_accepted]
    fix = "add test cases with other answers, or leave the row out"
    if passing:
        text = f"a program that {passing[0]} passes {_all(total)}"
        yield _error(Kind.TRIVIAL_PASSES, _TESTS, text, fix)
        return
    if baseline == 1 and total > 1:
        text = f"a program with one constant answer passes {_all(total)}"
        yield _error(Kind.TRIVIAL_PASSES, _TESTS, text, fix)
        return
    share, does = max(((run.share, trivial.does) for trivial, run in pairs), default=(0.0, ""))
    if max(baseline, share) > options.guess_max:
        who = (
            f"a program that {does}" if share >= baseline else "the best constant answer, or echo,"
        )
        text = f"{who} passes {max(baseline, share):.0%} of {total} tests"
        if total == 1:
            text = "found a single test case, which one constant answer passes"
        yield _warning(Kind.HIGH_GUESS_BASELINE, _TESTS, text, "add test cases with other answers")


def _all(total: int) -> str:
    return "the only test" if total == 1 else f"all {total} tests"


# -- cases -----------------------------------------------------------------------------


def _cases(problem: Problem, results: Results) -> Iterator[Finding]:
    if problem.plan is None:
        return
    found = compare_cases(problem.plan)
    is_code = isinstance(problem.plan, CodePlan)
    what, numbered = ("asserts", "lines") if is_code else ("test cases", "test cases")
    if found.contradiction and results.steady is None:
        first, second = found.contradiction
        text = f"{numbered} {first} and {second} have the same input and expect other answers"
        fix = "remove the wrong one, or use a checker that accepts both"
        yield _error(Kind.CONTRADICTORY_CASES, _TESTS, text, fix)
    if found.repeated:
        text = f"{found.repeated} of the {what} repeat another one"
        yield _note(
            Kind.DUPLICATE_CASES, _TESTS, text, "remove them: each weighs as much as others"
        )


def _refused(problem: str) -> Finding:
    field, colon, text = problem.partition(": ")
    if not colon:
        field, text = "row", problem
    fix = "mend the field; else leave the row out, it cannot be graded"
    return _error(Kind.REFUSED, field, text, fix)


def _error(kind: Kind, field: str, problem: str, fix: str) -> Finding:
    return Finding(kind=kind, severity=Severity.ERROR, field=field, problem=problem, fix=fix)


def _warning(kind: Kind, field: str, problem: str, fix: str) -> Finding:
    return Finding(kind=kind, severity=Severity.WARNING, field=field, problem=problem, fix=fix)


def _note(kind: Kind, field: str, problem: str, fix: str) -> Finding:
    return Finding(kind=kind, severity=Severity.NOTE, field=field, problem=problem, fix=fix)
