"""Judge test code in three steps, and the candidate never meets it.

    ask      run the tests in an examiner, with no answers: what would they ask?
    answer   put these questions to the candidate, in a guest of its own
    mark     run the tests in an examiner again, with the answers

If marking leads to further questions, the last two steps are taken again. In: candidates'
programs, papers (test code), two executors. Out: a result for every unit of the tests. What
comes from a candidate's guest is not even read here: it goes on to the examiner as it came.
Must not know: how tests are run.
"""

import json
import marshal
from collections import OrderedDict
from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from sandbox.types import Call, Ending, Execution, Executor, Job, Limits, RaisedError, Step
from verifier.types import CaseResult, CodePlan, Paper, Verdict
from verifier.verdict import verdict_of_ending

EXAMINER_MODULES = (
    "verifier.examiner.exam",
    "verifier.examiner.together",
    "verifier.examiner.unittest_suite",
)
"""What the zygotes of examiners load beforehand."""
PYTEST_MODULES = (*EXAMINER_MODULES, "verifier.examiner.pytest_suite")
"""The same where tests are written for pytest: it is too big for all the others."""

# A candidate may answer with more digits than can be read, or written, in minutes.
_EXAMINER = """\
import sys; sys.set_int_max_str_digits(50_000)
from verifier.examiner.exam import sitting
examine = sitting({prepared!r})
"""
_GUESSER = """\
import sys; sys.set_int_max_str_digits(50_000)
from verifier.examiner.exam import guessing
guess = guessing({prepared!r})
"""
# How many candidates sit one after the other in one examiner, where that leaves no trace.
_SITTERS_MAX = 8
# Where each takes a guest: the literals that tests compare with most often.
_GUESSES_IN_GUESTS_MAX = 6
_TOGETHER = "from verifier.examiner.together import examine_together"
_PATIENCE_TOGETHER = 3
_EXAMINER_LIMITS = Limits(
    cpu_seconds=30.0, wall_seconds=60.0, memory_bytes=2**30, output_bytes=2**26
)
_IN_COMPANY_LIMITS = replace(_EXAMINER_LIMITS, cpu_seconds=5.0)  # who needs more sits alone
_ROUNDS_MAX = 64
_LATE_MAX = 3
_LOST_MAX = 12
_CACHED_BYTES_MAX = 64 * 2**20

_OUTAGE = "outage"
_FAILURES = {"not_compiled": Ending.NOT_COMPILED, "not_loaded": Ending.NOT_LOADED}

Report = Any  # narrowed by nobody: it is our own
"""What an examiner says: it is ours, and read as it comes."""


@dataclass(slots=True, kw_only=True)
class Examination:
    """One candidate before one paper: how far they have got."""

    program: str
    plan: CodePlan
    pressed: Report = None
    questions: list[Any] = field(default_factory=list)
    answers: list[Any] = field(default_factory=list)
    shared: list[str] = field(default_factory=list)
    results: dict[str, CaseResult] = field(default_factory=dict)
    settled: dict[str, CaseResult] = field(default_factory=dict)
    self_judged: int = 0
    guessed: int = 0
    rounds: int = 0
    seconds: float = 0.0
    has_been_late: bool = False
    is_over: bool = False
    problem: str = ""
    is_outage: bool = False

    def lose(self, detail: str) -> None:
        """End it through a fault of ours."""
        self.problem, self.is_outage, self.is_over = detail, True, True

    @property
    def cases(self) -> tuple[CaseResult, ...]:
        """The result of every unit, in the tests' order."""
        return tuple(self.results.values())


class AskedBefore:
    """The first step's results, by paper: trainers send many completions of one prompt."""

    def __init__(self) -> None:
        """Remember nothing yet."""
        self._reports: OrderedDict[Paper, tuple[int, Any]] = OrderedDict()
        self._bytes = 0

    def get(self, paper: Paper) -> Report:
        """Return what was asked, if it is remembered."""
        if paper not in self._reports:
            return None
        self._reports.move_to_end(paper)
        return self._reports[paper][1]

    def put(self, paper: Paper, report: Report) -> None:
        """Remember; and forget what has not been wanted for the longest time."""
        size = len(paper.source) + len(paper.prompt) + len(repr(report))
        if size > _CACHED_BYTES_MAX // 8:
            return
        self._reports[paper] = (size, report)
        self._bytes += size
        while self._bytes > _CACHED_BYTES_MAX:
            _, (old, _) = self._reports.popitem(last=False)
            self._bytes -= old


def examine_all(
    examinations: Sequence[Examination], candidates: Executor, asked_before: AskedBefore
) -> Iterator[int]:
    """Hold all examinations; yield the place of each as it is over."""
    if not examinations:
        return
    _ask(examinations, candidates, asked_before)
    _hold_together(examinations, candidates)
    waiting = list(range(len(examinations)))
    for _ in range(_ROUNDS_MAX):
        yield from (place for place in waiting if examinations[place].is_over)
        waiting = [place for place in waiting if not examinations[place].is_over]
        if not waiting:
            return
        _answer([examinations[place] for place in waiting], candidates)
        _mark([examinations[place] for place in waiting], candidates)
    for place in waiting:
        if not examinations[place].is_over:
            _end(examinations[place], Ending.UNREADABLE, "it leads to ever new questions")
        yield place


# -- first step: ask -------------------------------------------------------------------


def _ask(
    examinations: Sequence[Examination], executor: Executor, asked_before: AskedBefore
) -> None:
    """Find out what the tests would ask, once for every paper."""
    papers = dict.fromkeys(examination.plan.paper for examination in examinations)
    reports = {paper: asked_before.get(paper) for paper in papers}
    new = unknown = [paper for paper in papers if reports[paper] is None]
    pressed = dict.fromkeys(unknown)
    for _ in range(2):  # in the second round, what turned out to need pytest
        jobs = [_exam_job(paper, pressed[paper], []) for paper in unknown]
        for place, (execution,) in _sit(jobs, [pressed[paper] for paper in unknown], executor):
            reports[unknown[place]] = _report_of_asking(execution)
        unknown = [paper for paper in unknown if "needs" in reports[paper]]
        pressed = {paper: reports[paper]["pressed"] for paper in unknown}
    _guess(reports, new, executor)
    for paper in new:
        if _OUTAGE not in reports[paper]:
            asked_before.put(paper, reports[paper])
    for examination in examinations:
        report = reports[examination.plan.paper]
        if "problem" in report:
            examination.problem = report["problem"]
            examination.is_outage = _OUTAGE in report
            examination.is_over = True
        else:
            examination.pressed = report["pressed"]
            examination.questions = report["questions"]
            examination.shared = report["shared"]
            examination.guessed = report["guessed"]
            for name, *_ in report["units"]:
                examination.results[name] = _result(Ending.SKIPPED)


def _guess(reports: dict[Paper, Report], new: list[Paper], executor: Executor) -> None:
    """Find out how many units the best constant answer passes, and note it in the reports."""
    papers: list[Paper] = []
    jobs: list[Job] = []
    for paper in new:
        report = reports[paper]
        if "problem" not in report:
            report["guessed"] = 0
            made = [] if paper.shared_process else _guess_jobs(paper, report["pressed"])
            papers += [paper] * len(made)
            jobs += made
    pressed = [reports[paper]["pressed"] for paper in papers]
    for place, executions in _sit(jobs, pressed, executor):
        report = reports[papers[place]]
        for execution in executions:
            if execution.ending is Ending.NOT_RUN:
                reports[papers[place]] = {"problem": execution.detail, _OUTAGE: True}
            elif execution.ending is Ending.FINISHED:
                report["guessed"] = max(report["guessed"], execution.value)


def _guess_jobs(paper: Paper, pressed: Report) -> list[Job]:
    program = _GUESSER.format(prepared=marshal.dumps((asdict(paper), pressed, [])))
    calls = [
        Call(entry_point="guess", arguments=(place,)) for place in range(len(pressed["guesses"]))
    ]
    if pressed["leaves_no_trace"]:
        return [Job(program=program, questions=tuple(calls), limits=_IN_COMPANY_LIMITS)]
    return [
        Job(program=program, questions=(call,), limits=_IN_COMPANY_LIMITS)
        for call in calls[:_GUESSES_IN_GUESTS_MAX]
    ]


def _report_of_asking(execution: Execution) -> Report:
    if execution.ending is Ending.NOT_RUN:
        return {"problem": execution.detail, _OUTAGE: True}
    if execution.ending is not Ending.FINISHED:
        return {"problem": f"tests: {_what_happened(execution)}, with no candidate yet"}
    report: Report = execution.value
    if "problem" in report:
        return {"problem": f"tests: {report['problem']}"}
    if "needs" not in report and not report["questions"]:
        return {"problem": "tests: ask nothing of a candidate"}
    return report


def _sit(
    jobs: list[Job], pressed: list[Report], executor: Executor
) -> Iterator[tuple[int, tuple[Execution, ...]]]:
    """Run exams, each with the tools that it needs; yield the place of each, and its ends."""
    needs_pytest = [paper is not None and paper["style"] == "pytest" for paper in pressed]
    for modules, with_pytest in ((EXAMINER_MODULES, False), (PYTEST_MODULES, True)):
        places = [place for place, needs in enumerate(needs_pytest) if needs is with_pytest]
        if places:
            examiners = executor.with_loaded(modules)
            for number, executions in examiners.run([jobs[place] for place in places]):
                yield places[number], executions


def _exam_job(paper: Paper, pressed: Report, questions: list[Any], *sitters: Examination) -> Job:
    """Examine *sitters*, one after the other; or nobody, to find out what would be asked."""
    prepared = marshal.dumps((asdict(paper), pressed, questions))
    calls = [
        Call(entry_point="examine", arguments=(one.answers, list(one.settled))) for one in sitters
    ] or [Call(entry_point="examine", arguments=([], []))]
    return Job(
        program=_EXAMINER.format(prepared=prepared),
        questions=tuple(calls),
        limits=_EXAMINER_LIMITS if len(calls) == 1 else _IN_COMPANY_LIMITS,
        give_up_after=len(calls) + 1,  # one candidate's answers are not another's
    )


# -- second step: answer ---------------------------------------------------------------


def _answer(examinations: Sequence[Examination], candidates: Executor) -> None:
    """Put the questions to the candidates."""
    jobs = [
        Job(
            program=examination.program,
            questions=tuple(
                _step(question, examination.shared) for question in examination.questions
            ),
            limits=examination.plan.limits,
        )
        for examination in examinations
    ]
    for place, executions in candidates.run(jobs):
        _take_answers(examinations[place], executions)


def _step(question: Report, shared: list[str]) -> Step:
    _, operation, operands, keywords, nodes, is_guess = question
    order = {"op": operation, "on": operands, "kw": keywords, "nodes": nodes, "guess": is_guess}
    return Step(instruction=json.dumps(order | {"shared": shared}).encode("ascii"))


def _take_answers(examination: Examination, executions: Sequence[Execution]) -> None:
    examination.seconds += sum(execution.wall_seconds for execution in executions)
    first = executions[0]
    outages = [one for one in executions if one.ending is Ending.NOT_RUN]
    if outages:
        examination.lose(outages[0].detail)
    elif first.ending is not Ending.FINISHED and all(
        one.ending is first.ending for one in executions
    ):
        _end(examination, first.ending, first.detail, first)  # it did not even load
    else:
        examination.answers = [_answer_of(execution) for execution in executions]
        _excuse_first_time_out(examination)


def _answer_of(execution: Execution) -> list[str] | None:
    if execution.ending is Ending.SKIPPED:
        return None
    if execution.ending is not Ending.FINISHED:
        return [execution.ending, "", ""]
    assert isinstance(execution.value, bytes)  # noqa: S101  (what a step's answer is)
    text = execution.value.decode("ascii", "replace")
    return ["finished", text, execution.stdout.decode("utf-8", "replace")]


def _excuse_first_time_out(examination: Examination) -> None:
    """Ask once more after a lone time-out: it may have been noise."""
    late = [n for n, one in enumerate(examination.answers) if one and one[0] == Ending.OUT_OF_TIME]
    if late and not examination.has_been_late:
        examination.has_been_late = True
        examination.answers[late[0]] = None


# -- third step: mark ------------------------------------------------------------------


def _mark(examinations: Sequence[Examination], executor: Executor) -> None:
    """Run the tests with the answers."""
    alone = list(_mark_rooms(_rooms(one for one in examinations if not one.is_over), executor))
    # Who sat with others, and did not get through, may have suffered from these.
    list(_mark_rooms([[one] for one in alone], executor))


def _rooms(examinations: Iterable[Examination]) -> list[list[Examination]]:
    """Put together who is asked the same, in tests that leave no trace."""
    rooms: list[list[Examination]] = []
    room_of: dict[tuple[Paper, int], list[Examination]] = {}
    for examination in examinations:
        # All that have been asked no more than others have the very same list of questions.
        key = (examination.plan.paper, id(examination.questions))
        room = room_of.get(key, [])
        if not examination.pressed["leaves_no_trace"] or len(room) % _SITTERS_MAX == 0:
            room_of[key] = room = []
            rooms.append(room)
        room.append(examination)
    return rooms


def _mark_rooms(rooms: list[list[Examination]], executor: Executor) -> Iterator[Examination]:
    """Mark everybody; yield those who did not get through in company."""
    jobs = [
        _exam_job(room[0].plan.paper, room[0].pressed, room[0].questions, *room) for room in rooms
    ]
    for place, executions in _sit(jobs, [room[0].pressed for room in rooms], executor):
        for examination, execution in zip(rooms[place], executions, strict=True):
            examination.seconds += execution.wall_seconds
            if execution.ending is Ending.NOT_RUN:
                examination.lose(execution.detail)
            elif execution.ending is Ending.FINISHED:
                _take_marks(examination, execution.value)
            elif len(rooms[place]) > 1:
                yield examination
            else:
                # The tests got through without answers, so it is these that they choke on.
                _end(examination, execution.ending, "marking its answers failed", execution)


def _take_marks(examination: Examination, report: Report) -> None:
    examination.rounds += 1
    if "problem" in report:
        examination.problem = f"tests: {report['problem']}"
        examination.is_over = True
        return
    examination.self_judged = sum(unit[4] for unit in report["units"])
    is_open = report["is_open"]
    for name, state, ending, error, _ in report["units"]:
        if name in examination.settled:
            continue
        if state == "skipped":
            examination.results.pop(name, None)
            continue
        is_open |= state == "open"
        result = _mark_of(state, ending, error)
        examination.results[name] = result
        if ending:
            examination.settled[name] = result
    told = {name for name, *_ in report["units"]}
    for name in examination.results.keys() - told - examination.settled.keys():
        # The tests did not get so far as to have it.
        examination.results[name] = _mark_of("failed", *report["outside"])
    endings = [result.execution.ending for result in examination.settled.values()]
    if endings.count(Ending.OUT_OF_TIME) >= _LATE_MAX or len(endings) >= _LOST_MAX:
        _end(examination, endings[-1], "after too many like it")
    elif is_open:
        examination.questions = _without(report["questions"], examination.settled.keys())
    else:
        examination.is_over = True
    if examination.is_over and not examination.results:
        examination.problem = "tests: are all skipped"


def _mark_of(state: str, ending: str, error: str) -> CaseResult:
    if ending:
        return _result(Ending(ending))
    verdict = {"passed": Verdict.ACCEPTED, "raised": Verdict.RUNTIME_ERROR}.get(
        state, Verdict.WRONG_ANSWER
    )
    name, _, message = error.partition(": ")
    raised = RaisedError(type_name=name, message=message) if error else None
    kind = Ending.RAISED if state == "raised" else Ending.FINISHED
    return CaseResult(verdict=verdict, execution=Execution(ending=kind, error=raised))


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


def _hold_together(examinations: Sequence[Examination], executor: Executor) -> None:
    """Run tests and candidate in one guest, where the dataset asks for it."""
    together = [one for one in examinations if one.plan.paper.shared_process and not one.is_over]
    jobs = [_together_job(one) for one in together]
    for place, (execution,) in _sit(jobs, [one.pressed for one in together], executor):
        examination = together[place]
        examination.seconds += execution.wall_seconds
        examination.is_over = True
        if execution.ending is Ending.NOT_RUN:
            examination.lose(execution.detail)
        elif execution.ending is not Ending.FINISHED:
            _end(examination, execution.ending, execution.detail, execution)
        else:
            _take_states(examination, execution.value)


def _together_job(examination: Examination) -> Job:
    arguments = (asdict(examination.plan.paper), examination.pressed, examination.program)
    call = Call(entry_point="examine_together", arguments=arguments)
    limits = examination.plan.limits
    return Job(
        program=_TOGETHER,
        questions=(call,),
        limits=replace(limits, cpu_seconds=limits.cpu_seconds * _PATIENCE_TOGETHER),
    )


def _take_states(examination: Examination, report: Report) -> None:
    """Take in what comes from a process that a candidate had a hand in: believe little."""
    if type(report) is not dict or type(report.get("units", [])) is not list:
        _end(examination, Ending.UNREADABLE, "no proper report")
    elif "problem" in report:
        examination.problem = f"tests: {report['problem']}"
    elif "units" not in report:
        failed = _FAILURES.get(str(report.get("failed")), Ending.UNREADABLE)
        _end(examination, failed, str(report.get("error", "")))
    else:
        states = {unit[0]: unit for unit in report["units"] if type(unit) is list and unit}
        for name in list(examination.results):
            # What is not reported has not passed.
            _, state, _, error, _ = states.get(name, ("", "", "", "it is not in the report", ""))
            if state == "skipped":
                del examination.results[name]
            else:
                examination.results[name] = _mark_of(str(state), "", str(error))


# -- endings ---------------------------------------------------------------------------


def _end(
    examination: Examination, ending: Ending, detail: str, execution: Execution | None = None
) -> None:
    """Give all units that are not settled the same ending."""
    result = _result(ending, detail, execution)
    examination.results = {
        name: examination.settled.get(name, result) if _is_undecided(old, examination) else old
        for name, old in examination.results.items()
    }
    examination.is_over = True


def _is_undecided(result: CaseResult, examination: Examination) -> bool:
    return examination.rounds == 0 or result.verdict is not Verdict.ACCEPTED


def _result(ending: Ending, detail: str = "", execution: Execution | None = None) -> CaseResult:
    facts = execution or Execution(ending=ending, detail=detail)
    return CaseResult(verdict=verdict_of_ending(ending), execution=facts)


def _what_happened(execution: Execution) -> str:
    raised = execution.error
    said = f": {raised.type_name}: {raised.message}" if raised else ""
    return f"the examiner ended {execution.ending}{said}"
