"""Judge candidates by test code in three steps; a candidate's guest never holds the tests.

    discover   run the tests in a harness without answers: which questions do they ask?
    answer     ask the candidate these questions, in a guest of its own
    run        run the tests in a harness again, with the answers

If a run leads to further questions, the last two steps are repeated. In: candidates' programs, test
code, executors. Out: a result for every test item. This module never reads an answer of a
candidate: it passes answers to the harness unchanged.
"""

from collections import defaultdict
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import assert_never

from nova_code_verifier.sandbox.types import Ending, Execution, Executor, RaisedError
from nova_code_verifier.verifier.checking.verdict import verdict_of_ending
from nova_code_verifier.verifier.test_code.discovery import Discovery, DiscoveryCache, discover
from nova_code_verifier.verifier.test_code.jobs import (
    candidate_job,
    harness_job,
    in_process_job,
    run_harness_jobs,
)
from nova_code_verifier.verifier.test_code.protocol import (
    CandidateAnswer,
    CandidateAnswers,
    InProcessReport,
    ItemReport,
    ItemState,
    Question,
    RunReport,
    Tree,
)
from nova_code_verifier.verifier.types import CaseResult, CodePlan, TestCode, Verdict

# So many candidates share one harness process, one after the other, if the tests leave no trace.
_CANDIDATES_PER_PROCESS = 8
_ROUNDS_MAX = 64
_LATE_MAX = 3
_LOST_MAX = 12
# The answers of so many candidates are kept at the same time that all together may have so many
# bytes, whatever they send. At the default limit, that is 32 candidates.
_ANSWER_BYTES_MAX = 2**29
_SHOWN_MAX = 2048
_MISSING_NAME_ERRORS = ("NameError", "ImportError")
_NO_SHARED_PROCESS = (
    "tests.shared_process: found true, which runs the tests in the candidate's process; this "
    "executor keeps tests and candidates on different machines: score this dataset without an "
    "executor function"
)
_UNREPORTED = ItemReport("", ItemState.NOT_REACHED, error="Unreported: it is not in the report")
_SKIPS_ITSELF = "Skipped: the test skips itself, which it does not do without this candidate"
_DETAILS = {
    Ending.TOO_MUCH_OUTPUT: "an output, or all answers, are longer than limits.output_bytes"
}
_LOAD_FAILURES = {"not_compiled": Ending.NOT_COMPILED, "not_loaded": Ending.NOT_LOADED}


@dataclass(slots=True, kw_only=True)
class TestCodeRun:
    """One candidate and one test code: the results so far.

    The `prelude` runs before the program, except where it shares the process of the tests.
    `lost_items` are those that the candidate's guest did not survive. With a `problem` there is no
    result: the dataset's fault, or ours if it *is_outage*.
    """

    program: str
    plan: CodePlan
    prelude: str = ""
    discovery: Discovery | None = None
    questions: Sequence[Question] = ()
    answers: list[CandidateAnswer | None] = field(default_factory=list)
    results: dict[str, CaseResult] = field(default_factory=dict)
    lost_items: list[str] = field(default_factory=list)
    self_compared: int = 0
    rounds: int = 0
    seconds: float = 0.0
    has_timed_out: bool = False
    is_over: bool = False
    problem: str = ""
    is_outage: bool = False

    @property
    def cases(self) -> tuple[CaseResult, ...]:
        """The result of every test item, in the order of the tests."""
        return tuple(replace(case, name=name) for name, case in self.results.items())

    @property
    def guessed(self) -> int:
        """How many test items the best guess passes."""
        return self.discovery.guessed if self.discovery else 0

    @property
    def tests(self) -> Discovery:
        """What discovery found; only for a run that is not over."""
        assert self.discovery is not None  # noqa: S101  (`_discover` sets it, or ends the run)
        return self.discovery

    def abort(self, problem: str, *, is_outage: bool = False) -> None:
        """End the run without a result."""
        self.problem, self.is_outage, self.is_over = problem, is_outage, True


def grade_all(
    runs: Sequence[TestCodeRun], executor: Executor, discovery_cache: DiscoveryCache
) -> Iterator[int]:
    """Grade all *runs*; yield the index of each when it is over."""
    if not runs:
        return
    _discover(runs, executor, discovery_cache)
    _grade_in_process(runs, executor)
    for portion in _portions(runs):
        yield from _grade_portion(runs, portion, executor)


def _portions(runs: Sequence[TestCodeRun]) -> Iterator[list[int]]:
    """Divide the indexes of *runs* so that the answers of each portion have room in our memory."""
    portion: list[int] = []
    room = _ANSWER_BYTES_MAX
    for index, run in enumerate(runs):
        room -= run.plan.limits.output_bytes
        if room < 0 and portion:
            yield portion
            portion, room = [], _ANSWER_BYTES_MAX - run.plan.limits.output_bytes
        portion.append(index)
    yield portion


def _grade_portion(
    runs: Sequence[TestCodeRun], open_runs: list[int], executor: Executor
) -> Iterator[int]:
    for _ in range(_ROUNDS_MAX):
        for index in open_runs:
            if runs[index].is_over:
                runs[index].answers = []
                yield index
        open_runs = [index for index in open_runs if not runs[index].is_over]
        if not open_runs:
            return
        _ask_candidates([runs[index] for index in open_runs], executor)
        _run_tests([runs[index] for index in open_runs], executor)
    for index in open_runs:
        if not runs[index].is_over:
            detail = f"the tests still ask new questions after {_ROUNDS_MAX} rounds"
            _end(runs[index], _ended(Ending.UNREADABLE, detail))
        runs[index].answers = []
        yield index


# -- first step: discover --------------------------------------------------------------


def _discover(
    runs: Sequence[TestCodeRun], executor: Executor, discovery_cache: DiscoveryCache
) -> None:
    found = discover([run.plan.test_code for run in runs], executor, discovery_cache)
    for run in runs:
        result = found[run.plan.test_code]
        if isinstance(result, Discovery):
            run.discovery = result
            run.questions = result.questions
            run.results = dict.fromkeys(result.items, _ended(Ending.SKIPPED))
        else:
            run.abort(result.problem, is_outage=result.is_outage)


# -- second step: answer ---------------------------------------------------------------


def _ask_candidates(runs: Sequence[TestCodeRun], candidates: Executor) -> None:
    for run in runs:
        run.answers = []  # those to the questions of an earlier round
    # If all questions refer to what is lost, the tests run again to find others.
    runs = [run for run in runs if run.questions]
    jobs = [
        candidate_job(
            run.program,
            run.questions,
            run.tests.shared,
            run.plan.limits,
            prelude=run.prelude,
        )
        for run in runs
    ]
    for index, executions in candidates.run(jobs):
        _take_answers(runs[index], executions)


def _take_answers(run: TestCodeRun, executions: Sequence[Execution]) -> None:
    run.seconds += sum(execution.wall_seconds for execution in executions)
    first = executions[0]
    endings = [execution.ending for execution in executions]
    for execution in executions:
        if execution.ending in (Ending.NOT_RUN, Ending.UNSENDABLE):
            run.abort(execution.detail, is_outage=Ending.NOT_RUN in endings)
            return
    if first.ending is not Ending.FINISHED and set(endings) == {first.ending}:
        _end(run, _result(first))  # the program did not even load
        return
    run.answers = [_answer_of(execution) for execution in executions]
    if Ending.OUT_OF_TIME in endings and not run.has_timed_out:
        # Ask once more: a single time-out may be the noise of a busy machine.
        run.has_timed_out = True
        run.answers[endings.index(Ending.OUT_OF_TIME)] = None


def _answer_of(execution: Execution) -> CandidateAnswer | None:
    if execution.ending is Ending.SKIPPED:
        return None
    if execution.ending is not Ending.FINISHED:
        return CandidateAnswer(execution.ending)
    assert isinstance(execution.value, bytes)  # noqa: S101  (so the sandbox answers an operation)
    text = execution.value.decode("ascii", "replace")
    return CandidateAnswer(execution.ending, text, execution.stdout.decode("utf-8", "replace"))


# -- third step: run -------------------------------------------------------------------


def _run_tests(runs: Sequence[TestCodeRun], executor: Executor) -> None:
    """Run the tests with the answers: several candidates in one process, where that is possible."""
    disturbed = _run_batches(_batches(run for run in runs if not run.is_over), executor)
    _run_batches([[run] for run in disturbed], executor)


def _batches(runs: Iterable[TestCodeRun]) -> list[list[TestCodeRun]]:
    """Group runs with the same questions, if their tests leave no trace in the process."""
    batches: list[list[TestCodeRun]] = []
    batch_of: dict[tuple[TestCode, int], list[TestCodeRun]] = {}
    for run in runs:
        # In the first round, all runs of a test code have the very same list of questions.
        key = (run.plan.test_code, id(run.questions))
        batch = batch_of.get(key, [])
        if not run.tests.compiled.leaves_no_trace or len(batch) % _CANDIDATES_PER_PROCESS == 0:
            batch_of[key] = batch = []
            batches.append(batch)
        batch.append(run)
    return batches


def _run_batches(batches: Sequence[list[TestCodeRun]], executor: Executor) -> list[TestCodeRun]:
    """Run each batch in one process; return the runs that failed, perhaps because of the others."""
    disturbed: list[TestCodeRun] = []
    jobs = [
        harness_job(
            batch[0].plan.test_code,
            batch[0].tests.compiled,
            batch[0].questions,
            [CandidateAnswers(run.answers, run.lost_items) for run in batch],
        )
        for batch in batches
    ]
    for index, executions in run_harness_jobs(jobs, executor):
        for run, execution in zip(batches[index], executions, strict=True):
            run.seconds += execution.wall_seconds
            if execution.ending is Ending.NOT_RUN:
                run.abort(execution.detail, is_outage=True)
            elif execution.ending is Ending.FINISHED:
                _take_report(run, RunReport.parse(execution.value))
            elif len(batches[index]) > 1:
                disturbed.append(run)
            else:
                # The tests ran without answers in discovery, so the answers made them fail.
                _end(run, _result(execution))
    return disturbed


def _take_report(run: TestCodeRun, report: RunReport) -> None:
    run.rounds += 1
    if report.problem:
        run.abort(f"tests: {report.problem}")
        return
    run.self_compared = sum(item.is_self_compared for item in report.items)
    is_open = report.is_open
    answers = _answers_by_item(run)
    unreached = run.results.keys() - {item.name for item in report.items} - set(run.lost_items)
    items = [item for item in report.items if item.name not in run.tests.skipped]
    replaced = _replaced(run.results, items)
    for item in items:
        if item.name in (*run.lost_items, *replaced):
            continue
        is_open |= item.state is ItemState.OPEN
        result = _with_answer(_result_of(item), answers[item.name][: item.answers_used])
        run.results[item.name] = result
        if item.ending:
            run.lost_items.append(item.name)
    run.results |= dict.fromkeys(unreached, _result_of(report.outside))
    for name in replaced:
        del run.results[name]
    endings = [run.results[name].execution.ending for name in run.lost_items]
    if endings.count(Ending.OUT_OF_TIME) >= _LATE_MAX or len(endings) >= _LOST_MAX:
        _end(run, _ended(endings[-1], "not asked: too many test items ended like this before"))
    elif is_open:
        run.questions = _without(report.questions, run.lost_items)
    else:
        run.is_over = True


def _replaced(results: Mapping[str, object], items: Iterable[ItemReport]) -> list[str]:
    """Return the names in *results* that other names stand for: `test[K]` is now `test[7]`.

    pytest makes a name of the arguments, and without a candidate some of them are not known.
    """
    reached = {item.name for item in items if item.state is not ItemState.NOT_REACHED}
    new = {name.partition("[")[0] for name in reached - results.keys()}
    return [name for name in results if name not in reached and name.partition("[")[0] in new]


def _answers_by_item(run: TestCodeRun) -> dict[str, list[tuple[str, str]]]:
    """Return the operations that each item asked for, in order, with the answers."""
    answers: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for question, answer in zip(run.questions, run.answers, strict=False):
        answers[question.item].append((question.operation, answer.text if answer else ""))
    return answers


def _with_answer(result: CaseResult, answers: list[tuple[str, str]]) -> CaseResult:
    """Add the last of an item's *answers*, unread, for people to see, if it is short."""
    operation, text = answers[-1] if answers else ("", "")
    if not text or len(text) > _SHOWN_MAX:
        return result
    value = f'{{"{operation}":{text}}}'.encode("ascii", "replace")
    shown = replace(result.execution, value=value, value_bytes=len(value))
    return replace(result, execution=shown)


def _without(questions: Sequence[Question], items: Container[str]) -> list[Question]:
    """Leave out the questions of some items, and all questions that refer to them."""
    kept: list[Question] = []
    indexes: dict[int, int] = {}
    for index, question in enumerate(questions):
        if question.item in items:
            continue
        try:
            operands, keywords, nodes = (
                [_renumbered(part, indexes) for part in parts]
                for parts in (question.operands, question.keywords, question.nodes)
            )
        except KeyError:
            continue
        indexes[index] = len(kept)
        kept.append(question._replace(operands=operands, keywords=keywords, nodes=nodes))
    return kept


def _renumbered(tree: Tree, indexes: dict[int, int]) -> Tree:
    """Replace the indexes of questions in a tree. Raises KeyError for one that is left out."""
    if type(tree) is list:
        return [_renumbered(part, indexes) for part in tree]
    if type(tree) is not dict:
        return tree
    if len(tree) == 1 and "at" in tree:
        index, *rest = tree["at"]
        return {"at": [indexes[index], *rest]}
    return {tag: _renumbered(part, indexes) for tag, part in tree.items()}


# -- in one process: for tests that patch what the candidate uses ----------------------


def _grade_in_process(runs: Sequence[TestCodeRun], executor: Executor) -> None:
    """Run tests and candidate in one guest, where the dataset asks for it."""
    shared = [run for run in runs if run.plan.test_code.shared_process and not run.is_over]
    if executor.isolates_trusted_code:
        for run in shared:
            run.abort(_NO_SHARED_PROCESS)
        return
    jobs = [in_process_job(run.plan, run.tests.compiled, run.program) for run in shared]
    for index, (execution,) in run_harness_jobs(jobs, executor):
        run = shared[index]
        run.seconds += execution.wall_seconds
        run.is_over = True
        if execution.ending is Ending.NOT_RUN:
            run.abort(execution.detail, is_outage=True)
        elif execution.ending is not Ending.FINISHED:
            _end(run, _result(execution))
        else:
            _take_in_process_report(run, InProcessReport.parse(execution.value))


def _take_in_process_report(run: TestCodeRun, report: InProcessReport | None) -> None:
    """Take the results of the items that discovery found, and of no others."""
    if report is None:
        _end(run, _ended(Ending.UNREADABLE, "its process returned no proper report"))
    elif report.failure:
        _end(run, _ended(_LOAD_FAILURES.get(report.failure, Ending.UNREADABLE), report.error))
    else:
        for name, item in _expected_items(run.results, report.items).items():
            run.results[name] = _result_of(item)


def _expected_items(
    expected: Mapping[str, object], reported: Sequence[ItemReport]
) -> dict[str, ItemReport]:
    """Return what is reported of each expected item. The candidate may have written the report.

    An item that is not reported, or more than once, has not passed. One exception: arguments that
    pytest puts into a name may depend on the candidate. So items of the same function that are not
    expected stand for those that are missing, and the worst of them counts.
    """
    of_name: dict[str, list[ItemReport]] = defaultdict(list)
    others: dict[str, list[ItemReport]] = defaultdict(list)
    for item in reported:
        of_name[item.name].append(item)
        if item.name not in expected:
            others[item.name.partition("[")[0]].append(item)
    found: dict[str, ItemReport] = {}
    for name in expected:
        items = of_name[name] or others[name.partition("[")[0]]
        failed = (item for item in items if item.state is not ItemState.PASSED)
        is_twice = len(of_name[name]) > 1
        found[name] = _UNREPORTED if not items or is_twice else next(failed, items[0])
    return found


# -- results ---------------------------------------------------------------------------


def _result_of(item: ItemReport) -> CaseResult:
    """Return the result of an item that did not skip itself in discovery."""
    if item.ending:
        ending = Ending(item.ending)
        return _ended(ending, _DETAILS.get(ending, ""))
    if item.state is ItemState.SKIPPED:
        item = item._replace(error=_SKIPS_ITSELF)
    type_name, _, text = item.error.partition(": ")
    error = RaisedError(type_name=type_name, message=text) if item.error else None
    match item.state:
        case ItemState.PASSED:
            verdict, ending = Verdict.ACCEPTED, Ending.FINISHED
        case ItemState.FAILED | ItemState.NOT_REACHED if type_name == "ModuleNotFoundError":
            # Not the tests' own: then their sample would be ungraded since discovery.
            verdict, ending = Verdict.RUNTIME_ERROR, Ending.RAISED
        case ItemState.RAISED:
            verdict, ending = Verdict.RUNTIME_ERROR, Ending.RAISED
        case ItemState.FAILED | ItemState.NOT_REACHED if type_name in _MISSING_NAME_ERRORS:
            # The tests raised it, not the candidate: the candidate does not define the name.
            verdict, ending = Verdict.NO_ENTRY_POINT, Ending.NO_ENTRY_POINT
        case ItemState.FAILED | ItemState.NOT_REACHED | ItemState.OPEN | ItemState.SKIPPED:
            verdict, ending = Verdict.WRONG_ANSWER, Ending.FINISHED
        case _:
            assert_never(item.state)
    execution = Execution(ending=ending, error=error)
    return CaseResult(
        verdict=verdict, execution=execution, message=item.message, test_line=item.line
    )


def _end(run: TestCodeRun, result: CaseResult) -> None:
    """End the run: give *result* to all items that are neither passed nor lost."""
    for name, old in run.results.items():
        is_decided = name in run.lost_items or old.verdict is Verdict.ACCEPTED
        if run.rounds == 0 or not is_decided:
            run.results[name] = result
    run.is_over = True


def _ended(ending: Ending, detail: str = "") -> CaseResult:
    return _result(Execution(ending=ending, detail=detail))


def _result(execution: Execution) -> CaseResult:
    return CaseResult(verdict=verdict_of_ending(execution.ending), execution=execution)
