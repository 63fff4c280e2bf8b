"""Judge test code in three steps, and the candidate never meets it.

    ask      run the tests in an harness, with no answers: what would they ask?
    answer   put these questions to the candidate, in a guest of its own
    mark     run the tests in an harness again, with the answers

If marking leads to further questions, the last two steps are taken again. In: candidates'
programs, test code (test code), two executors. Out: a result for every unit of the tests. What
comes from a candidate's guest is not even read here: it goes on to the harness as it came.
Must not know: how tests are run.
"""

import json
from collections import defaultdict
from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from nova_code_verifier.sandbox.types import (
    Ending,
    Execution,
    Executor,
    Job,
    Operation,
    RaisedError,
)
from nova_code_verifier.verifier.checking.verdict import verdict_of_ending
from nova_code_verifier.verifier.test_code.discovery import DiscoveryCache, ask, is_outage
from nova_code_verifier.verifier.test_code.jobs import (
    CANDIDATES_PER_PROCESS,
    Report,
    harness_job,
    in_process_job,
    run_harness_jobs,
)
from nova_code_verifier.verifier.types import CaseResult, CodePlan, TestCode, Verdict

_ROUNDS_MAX = 64
_LATE_MAX = 3
_LOST_MAX = 12
_TEXT_MAX = 200
_SHOWN_MAX = 2048
_MISSING = ("NameError", "ImportError")
_NOT_TOGETHER = (
    "tests.shared_process: found true, which would bring a candidate to where its tests are; here "
    "they are kept on different machines: score this dataset without an executor function"
)
_UNREPORTED = ["", "", "", "it is not in the report", "", "", ""]
_PARTS = len(_UNREPORTED)
_FAILURES = {"not_compiled": Ending.NOT_COMPILED, "not_loaded": Ending.NOT_LOADED}


@dataclass(slots=True, kw_only=True)
class TestCodeRun:
    """One candidate before one test code: how far they have got."""

    program: str
    plan: CodePlan
    compiled: Report = None
    questions: list[Any] = field(default_factory=list)
    answers: list[Any] = field(default_factory=list)
    shared: list[str] = field(default_factory=list)
    results: dict[str, CaseResult] = field(default_factory=dict)
    settled: dict[str, CaseResult] = field(default_factory=dict)
    self_compared: int = 0
    guessed: int = 0
    rounds: int = 0
    seconds: float = 0.0
    has_been_late: bool = False
    is_over: bool = False
    problem: str = ""
    is_outage: bool = False

    def lose(self, detail: str, *, is_outage: bool = True) -> None:
        """End it without a mark; through a fault of ours, if it *is_outage*."""
        self.problem, self.is_outage, self.is_over = detail, is_outage, True

    @property
    def cases(self) -> tuple[CaseResult, ...]:
        """The result of every unit, in the tests' order."""
        return tuple(replace(case, name=name) for name, case in self.results.items())


def grade_all(
    runs: Sequence[TestCodeRun], candidates: Executor, discovery_cache: DiscoveryCache
) -> Iterator[int]:
    """Hold all test runs; yield the place of each as it is over."""
    if not runs:
        return
    _ask(runs, candidates, discovery_cache)
    _grade_in_process(runs, candidates)
    waiting = list(range(len(runs)))
    for _ in range(_ROUNDS_MAX):
        yield from (place for place in waiting if runs[place].is_over)
        waiting = [place for place in waiting if not runs[place].is_over]
        if not waiting:
            return
        _answer([runs[place] for place in waiting], candidates)
        _mark([runs[place] for place in waiting], candidates)
    for place in waiting:
        if not runs[place].is_over:
            _end(runs[place], Ending.UNREADABLE, "it leads to ever new questions")
        yield place


# -- first step: ask -------------------------------------------------------------------


def _ask(runs: Sequence[TestCodeRun], executor: Executor, discovery_cache: DiscoveryCache) -> None:
    """Find out what the tests would ask, once for every test code."""
    test_codes = [run.plan.test_code for run in runs]
    reports = ask(test_codes, executor, discovery_cache)
    for run in runs:
        report = reports[run.plan.test_code]
        if "problem" in report:
            run.problem = report["problem"]
            run.is_outage = is_outage(report)
            run.is_over = True
        else:
            run.compiled = report["compiled"]
            run.questions = report["questions"]
            run.shared = report["shared"]
            run.guessed = report["guessed"]
            for name, *_ in report["units"]:
                run.results[name] = _result(Ending.SKIPPED)


# -- second step: answer ---------------------------------------------------------------


def _answer(runs: Sequence[TestCodeRun], candidates: Executor) -> None:
    """Put the questions to the candidates."""
    jobs = [
        Job(
            program=run.program,
            questions=tuple(_step(question, run.shared) for question in run.questions),
            limits=run.plan.limits,
        )
        for run in runs
    ]
    for place, executions in candidates.run(jobs):
        _take_answers(runs[place], executions)


def _step(question: Report, shared: list[str]) -> Operation:
    _, operation, operands, keywords, nodes, is_guess = question
    order = {"op": operation, "on": operands, "kw": keywords, "nodes": nodes, "guess": is_guess}
    return Operation(instruction=json.dumps(order | {"shared": shared}).encode("ascii"))


def _take_answers(run: TestCodeRun, executions: Sequence[Execution]) -> None:
    run.seconds += sum(execution.wall_seconds for execution in executions)
    first = executions[0]
    lost = [one for one in executions if one.ending in (Ending.NOT_RUN, Ending.UNSENDABLE)]
    if lost:
        is_outage = any(one.ending is Ending.NOT_RUN for one in lost)
        run.lose(lost[0].detail, is_outage=is_outage)
    elif first.ending is not Ending.FINISHED and all(
        one.ending is first.ending for one in executions
    ):
        _end(run, first.ending, first.detail, first)  # it did not even load
    else:
        run.answers = [_answer_of(execution) for execution in executions]
        _excuse_first_time_out(run)


def _answer_of(execution: Execution) -> list[str] | None:
    if execution.ending is Ending.SKIPPED:
        return None
    if execution.ending is not Ending.FINISHED:
        return [execution.ending, "", ""]
    assert isinstance(execution.value, bytes)  # noqa: S101  (what a step's answer is)
    text = execution.value.decode("ascii", "replace")
    return ["finished", text, execution.stdout.decode("utf-8", "replace")]


def _excuse_first_time_out(run: TestCodeRun) -> None:
    """Ask once more after a lone time-out: it may have been noise."""
    late = [n for n, one in enumerate(run.answers) if one and one[0] == Ending.OUT_OF_TIME]
    if late and not run.has_been_late:
        run.has_been_late = True
        run.answers[late[0]] = None


# -- third step: mark ------------------------------------------------------------------


def _mark(runs: Sequence[TestCodeRun], executor: Executor) -> None:
    """Run the tests with the answers."""
    disturbed = _mark_rooms(_rooms(one for one in runs if not one.is_over), executor)
    _mark_rooms([[one] for one in disturbed], executor)


def _rooms(runs: Iterable[TestCodeRun]) -> list[list[TestCodeRun]]:
    """Put together who is asked the same, in tests that leave no trace."""
    rooms: list[list[TestCodeRun]] = []
    room_of: dict[tuple[TestCode, int], list[TestCodeRun]] = {}
    for run in runs:
        # All that have been asked no more than others have the very same list of questions.
        key = (run.plan.test_code, id(run.questions))
        room = room_of.get(key, [])
        if not run.compiled["leaves_no_trace"] or len(room) % CANDIDATES_PER_PROCESS == 0:
            room_of[key] = room = []
            rooms.append(room)
        room.append(run)
    return rooms


def _mark_rooms(rooms: list[list[TestCodeRun]], executor: Executor) -> list[TestCodeRun]:
    """Mark everybody; return those who did not get through, perhaps because of the others."""
    disturbed: list[TestCodeRun] = []
    jobs = []
    for room in rooms:
        first, answer_sets = room[0], [(one.answers, list(one.settled)) for one in room]
        jobs.append(
            harness_job(first.plan.test_code, first.compiled, first.questions, *answer_sets)
        )
    for place, executions in run_harness_jobs(jobs, [room[0].compiled for room in rooms], executor):
        for run, execution in zip(rooms[place], executions, strict=True):
            run.seconds += execution.wall_seconds
            if execution.ending is Ending.NOT_RUN:
                run.lose(execution.detail)
            elif execution.ending is Ending.FINISHED:
                _take_marks(run, execution.value)
            elif len(rooms[place]) > 1:
                disturbed.append(run)
            else:
                # The tests got through without answers, so it is these that they choke on.
                _end(run, execution.ending, "marking its answers failed", execution)
    return disturbed


def _take_marks(run: TestCodeRun, report: Report) -> None:
    run.rounds += 1
    if "problem" in report:
        run.problem = f"tests: {report['problem']}"
        run.is_over = True
        return
    run.self_compared = sum(unit[4] for unit in report["units"])
    is_open = report["is_open"]
    answers_of = _answers_by_unit(run)
    for name, state, ending, error, _, said, place in report["units"]:
        if name in run.settled:
            continue
        if state == "skipped":
            run.results.pop(name, None)
            continue
        is_open |= state == "open"
        result = _mark_of(state, ending, error, said)
        result = _with_answer(result, answers_of[name][:place])
        run.results[name] = result
        if ending:
            run.settled[name] = result
    told = {name for name, *_ in report["units"]}
    for name in run.results.keys() - told - run.settled.keys():
        # The tests did not get so far as to have it.
        run.results[name] = _mark_of("failed", *report["outside"])
    endings = [result.execution.ending for result in run.settled.values()]
    if endings.count(Ending.OUT_OF_TIME) >= _LATE_MAX or len(endings) >= _LOST_MAX:
        _end(run, endings[-1], "after too many like it")
    elif is_open:
        run.questions = _without(report["questions"], run.settled.keys())
    else:
        run.is_over = True
    if run.is_over and not run.results:
        run.problem = "tests: are all skipped"


def _answers_by_unit(run: TestCodeRun) -> dict[str, list[tuple[str, str]]]:
    """Sort operations and answers by the unit that asked, in order, as a unit counts them."""
    answers: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for question, answer in zip(run.questions, run.answers, strict=False):
        unit, operation, *_ = question
        answers[unit].append((operation, answer[1] if answer else ""))
    return answers


def _with_answer(result: CaseResult, answers: list[tuple[str, str]]) -> CaseResult:
    """Keep the last of a unit's *answers*, unread, for people to see, if it is short."""
    operation, text = answers[-1] if answers else ("", "")
    if not text or len(text) > _SHOWN_MAX:
        return result
    value = f'{{"{operation}":{text}}}'.encode("ascii", "replace")
    shown = replace(result.execution, value=value, value_bytes=len(value))
    return replace(result, execution=shown)


def _mark_of(state: str, ending: str, error: str, said: str = "") -> CaseResult:
    if ending:
        return _result(Ending(ending))
    verdict = {"passed": Verdict.ACCEPTED, "raised": Verdict.RUNTIME_ERROR}.get(
        state, Verdict.WRONG_ANSWER
    )
    name, _, message = error.partition(": ")
    raised = RaisedError(type_name=name, message=message) if error else None
    # Not raised by the candidate: it is not there.
    if state in ("failed", "not_reached") and name in _MISSING:
        return CaseResult(
            verdict=Verdict.COMPILE_ERROR,
            execution=Execution(ending=Ending.NO_ENTRY_POINT, error=raised),
            said=said,
        )
    kind = Ending.RAISED if state == "raised" else Ending.FINISHED
    return CaseResult(verdict=verdict, execution=Execution(ending=kind, error=raised), said=said)


def _without(questions: list[Any], settled: Container[str]) -> list[Any]:
    """Leave out the questions of some units, and all that refer to them."""
    kept: list[Any] = []
    places: dict[int, int] = {}
    for place, question in enumerate(questions):
        unit, operation, *parts, is_guess = question
        if unit in settled:
            continue
        try:
            parts = _moved(parts, places)
        except KeyError:
            continue
        places[place] = len(kept)
        kept.append([unit, operation, *parts, is_guess])
    return kept


def _moved(tree: Report, places: dict[int, int]) -> Report:
    if type(tree) is list:
        return [_moved(part, places) for part in tree]
    if type(tree) is not dict:
        return tree
    if len(tree) == 1 and "at" in tree:
        place, *rest = tree["at"]
        return {"at": [places[place], *rest]}
    return {tag: _moved(part, places) for tag, part in tree.items()}


# -- all in one: for tests that reach into the candidate's process ---------------------


def _grade_in_process(runs: Sequence[TestCodeRun], executor: Executor) -> None:
    """Run tests and candidate in one guest, where the dataset asks for it."""
    together = [one for one in runs if one.plan.test_code.shared_process and not one.is_over]
    if executor.isolates_trusted_code:
        for one in together:
            one.problem, one.is_over = _NOT_TOGETHER, True
        return
    jobs = [in_process_job(one.plan, one.compiled, one.program) for one in together]
    for place, (execution,) in run_harness_jobs(jobs, [one.compiled for one in together], executor):
        run = together[place]
        run.seconds += execution.wall_seconds
        run.is_over = True
        if execution.ending is Ending.NOT_RUN:
            run.lose(execution.detail)
        elif execution.ending is not Ending.FINISHED:
            _end(run, execution.ending, execution.detail, execution)
        else:
            _take_states(run, execution.value)


def _take_states(run: TestCodeRun, report: Report) -> None:
    """Take in what comes from a process that a candidate had a hand in: believe little."""
    if type(report) is not dict or type(report.get("units", [])) is not list:
        _end(run, Ending.UNREADABLE, "no proper report")
    elif "problem" in report:
        run.problem = f"tests: {str(report['problem'])[:_TEXT_MAX]}"
    elif "units" not in report:
        failed = _FAILURES.get(str(report.get("failed")), Ending.UNREADABLE)
        _end(run, failed, str(report.get("error", "")))
    else:
        units = [unit for unit in report["units"] if type(unit) is list and unit]
        states = {unit[0]: unit for unit in units if type(unit[0]) is str}
        for name in list(run.results):
            # What is not reported has not passed.
            unit = states.get(name, _UNREPORTED)
            texts = [part if type(part) is str else "" for part in unit]
            _, state, _, error, _, said, _ = texts if len(texts) == _PARTS else _UNREPORTED
            if state == "skipped":
                del run.results[name]
            else:
                run.results[name] = _mark_of(state, "", error, said)


# -- endings ---------------------------------------------------------------------------


def _end(run: TestCodeRun, ending: Ending, detail: str, execution: Execution | None = None) -> None:
    """Give all units that are not settled the same ending."""
    result = _result(ending, detail, execution)
    run.results = {
        name: run.settled.get(name, result) if _is_undecided(old, run) else old
        for name, old in run.results.items()
    }
    run.is_over = True


def _is_undecided(result: CaseResult, run: TestCodeRun) -> bool:
    return run.rounds == 0 or result.verdict is not Verdict.ACCEPTED


def _result(ending: Ending, detail: str = "", execution: Execution | None = None) -> CaseResult:
    facts = execution or Execution(ending=ending, detail=detail)
    return CaseResult(verdict=verdict_of_ending(ending), execution=facts)
