"""What a harness process is asked to run: a session, the run of discovery, or guesses.

In: packed tests, from our own process. Out: for a session, messages while it runs; for the others,
functions that return what they found. No guest with a harness ever holds a candidate.
"""

import importlib
import os
import random
import sys
from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from functools import partial

from nova_code_verifier.sandbox.protocol.channel import send
from nova_code_verifier.sandbox.protocol.progress import ProgressPage
from nova_code_verifier.verifier.test_code.harness import guess_baseline, recording
from nova_code_verifier.verifier.test_code.harness.candidates import CandidateLostError
from nova_code_verifier.verifier.test_code.harness.compile import TestCodeError, compile_twice
from nova_code_verifier.verifier.test_code.harness.recorder import Recorder
from nova_code_verifier.verifier.test_code.harness.run import SUITE, TestRun
from nova_code_verifier.verifier.test_code.protocol import (
    END,
    CompiledTests,
    ItemReport,
    ItemState,
    RunReport,
    TestCodeFields,
    unpack_tests,
    write_message,
)

_SESSION = "nova_code_verifier.verifier.test_code.harness.session"
_CHANNEL_FD = 3
_TEXT_MAX = 200
_SEED = 1


def run_session(  # noqa: PLR0917  (called by a text: `jobs.py`)
    packed: bytes,
    lost_items: Sequence[str],
    answer_bytes_max: int,
    peer_fd: int,
    page_fd: int,
    candidate_pid: int,
) -> None:
    """Run *packed* tests with the candidate at the other end of *peer_fd*, and report each item.

    *lost_items* are not run. No answer may have more than *answer_bytes_max* bytes. The file
    *page_fd* is the progress page.
    """
    test_code, compiled = unpack_tests(packed)
    assert compiled is not None  # noqa: S101  (compiled in the run of discovery)
    page = _map_page(page_fd, candidate_pid)
    report = partial(send, _CHANNEL_FD)
    # By name: only the guests of sessions load it, before they are confined.
    session = importlib.import_module(_SESSION)
    try:
        candidate = session.live_candidate(test_code, compiled, peer_fd, page, answer_bytes_max)
        run = TestRun(test_code, compiled, candidate, lost_items, report=report, page=page)
        candidate.share(run.shared)
        session.guard(compiled.modules)
        run.run()
        run.send_end()
    except CandidateLostError as error:
        _report_failure(report, ItemState.LOST, str(error))
    except TestCodeError as error:
        # It did not come up in the run of discovery, so the candidate may have a part in it.
        _report_failure(report, ItemState.FAILED, f"TestCodeError: {error}")


def _map_page(fd: int, candidate_pid: int) -> ProgressPage:
    """Map the page, and close its file: a link to `/proc/self/fd` would lead tests to it."""
    copy = os.dup(fd)  # `mmap` keeps a copy, too: in the same number, the lowest that is free
    os.close(copy)
    page = ProgressPage(fd, candidate_pid)
    os.close(copy)
    os.close(fd)
    return page


def _report_failure(report: Callable[[bytes], None], state: ItemState, error: str) -> None:
    """Report that no item could begin."""
    outside = ItemReport("", state, error[:_TEXT_MAX])
    is_lost = state is ItemState.LOST
    report(write_message(END, RunReport(outside=outside, is_lost=is_lost)))


def load_tests(packed: bytes) -> Callable[[], RunReport]:
    """Return a function that runs *packed* tests without a candidate, and fixes their items."""
    return partial(discover, *unpack_tests(packed))


def discover(test_code: TestCodeFields, compiled: CompiledTests | None = None) -> RunReport:
    """Run the tests with a recorder. If they are not *compiled*, compile them."""
    try:
        tests, recorded = compile_twice(test_code, recording.rewrite)
        tests = compiled or tests
        if tests.style == "pytest" and SUITE.format("pytest") not in sys.modules:
            return RunReport(needs_pytest=True, compiled=tests)
        recorder = Recorder()
        run = _record(test_code, recorded, recorder)
        report = run.report()
        if any(item.state is ItemState.SKIPPED for item in report.items):
            other = _record(test_code, recorded, Recorder(agrees=False))
            report = report._replace(items=_always_skipped(report.items, other.report().items))
    except TestCodeError as error:
        return RunReport(problem=str(error))
    if not run.has_asked:
        return RunReport(problem="never use the candidate")
    return report._replace(compiled=_with_guesses(tests, test_code["source"], recorder))


def _record(test_code: TestCodeFields, recorded: CompiledTests, recorder: Recorder) -> TestRun:
    random.seed(_SEED)
    run = TestRun(test_code, recorded, recorder, is_discovery=True)
    run.more_names = recorder.names
    run.run()
    return run


def _always_skipped(items: Iterable[ItemReport], others: Iterable[ItemReport]) -> list[ItemReport]:
    """Keep an item SKIPPED only if it is in both runs: no answer of a candidate decides about it.

    `if add(1, 2) is None: pytest.skip()` takes one branch in one run, and the other in the other.
    """
    skipped = {item.name for item in others if item.state is ItemState.SKIPPED}
    return [
        item._replace(state=ItemState.FAILED)
        if item.state is ItemState.SKIPPED and item.name not in skipped
        else item
        for item in items
    ]


def _with_guesses(tests: CompiledTests, source: str, recorder: Recorder) -> CompiledTests:
    """Return the compiled tests with the guesses that are worth a try."""
    # By their last names: `solution.BadError` is the candidate's.
    raised = {name.rpartition(".")[2] for name, _ in tests.expected_exceptions}
    exceptions = raised.intersection(tests.names)
    classes = exceptions.union(tests.classes if recorder.expected.has_attributes else ())
    return tests._replace(
        guesses=guess_baseline.baseline_answers(
            source,
            tests.expected_answers,
            tests.expected_exceptions,
            recorder.expected,
            recorder.calls,
        ),
        guessed_classes=sorted(classes),
        # They are not needed any more, and all the rest goes to every harness.
        expected_answers={},
        expected_exceptions=[],
    )


def load_guesses(packed: bytes) -> Callable[[int], str]:
    """Return a function that counts what a guess passes, given the guess's index.

    It counts items and shares of items, and returns the sum as the text of a `Fraction`.
    """
    test_code, compiled = unpack_tests(packed)
    assert compiled is not None  # noqa: S101  (compiled in the run of discovery)
    return partial(_count_passed, test_code, compiled)


def _count_passed(test_code: TestCodeFields, tests: CompiledTests, index: int) -> str:
    guess = guess_baseline.GuessCandidate(
        tests.guesses[index], tests.guessed_classes, tests.methods
    )
    try:
        run = TestRun(test_code, tests, guess)
        run.run()
        items = run.report().items
    except TestCodeError:
        return "0"
    return str(sum((Fraction(item.parts_passed, item.parts) for item in items), Fraction()))
