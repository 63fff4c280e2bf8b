"""Which libraries a program's guests find loaded, and that they do."""

from collections.abc import Iterator

import pytest

from nova_code_verifier.sandbox.host import event_loop, libraries
from nova_code_verifier.sandbox.host.local import LocalExecutor
from nova_code_verifier.sandbox.types import (
    Call,
    Ending,
    Execution,
    Job,
    Limits,
    Question,
    Run,
    Session,
)

LANDLOCK = {"level": "kernel", "landlock": 4}
SAYS_WHAT_IS_LOADED = "import sys; print('colorsys' in sys.modules, 'nova' in str(sys.modules))"
USES_IT = f"{SAYS_WHAT_IS_LOADED}\nimport colorsys"


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pretend that numpy is installed."""
    monkeypatch.setattr(libraries, "_are_installed", lambda: True)


@pytest.mark.usefixtures("installed")
def test_a_program_that_names_a_library_gets_it() -> None:
    """Numpy alone is loaded where nothing else is named."""
    plain = libraries.libraries_for("import math", Run(), LANDLOCK)
    numpy = libraries.libraries_for("import numpy as np", Run(), LANDLOCK)
    scientific = libraries.libraries_for("from sklearn import svm", Run(), LANDLOCK)

    assert (plain, numpy) == ((), ("numpy",))
    assert {"numpy", "pandas", "matplotlib.pyplot"} < set(scientific)


@pytest.mark.usefixtures("installed")
@pytest.mark.parametrize(
    "question",
    [
        Call(entry_point="run", arguments=(b"tests", "import numpy")),
        Session(harness="import numpy", harness_limits=Limits()),
    ],
    ids=["call", "session"],
)
def test_a_program_inside_a_question_counts(question: Question) -> None:
    """Tests that share the process of a program get it as an argument; a harness is another."""
    assert libraries.libraries_for("run = print", question, LANDLOCK) == ("numpy",)


@pytest.mark.usefixtures("installed")
@pytest.mark.parametrize("granted", [{"level": "interpreter"}, {"level": "kernel", "landlock": 0}])
def test_no_library_is_loaded_where_an_audit_hook_guards_files(granted: dict[str, object]) -> None:
    """Native code can do what the hook does not see."""
    assert libraries.libraries_for("import numpy", Run(), granted) == ()


def test_no_library_is_loaded_that_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without numpy there is nothing to load, and no zygote to start."""
    monkeypatch.setattr(libraries, "_are_installed", lambda: False)

    assert libraries.libraries_for("import numpy", Run(), LANDLOCK) == ()


# Workers of the second kind


@pytest.fixture
def executor(monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalExecutor]:
    """Run programs that name `colorsys` with it loaded; it takes the place of a library."""

    def libraries_for(program: str, _question: Question, _granted: object) -> tuple[str, ...]:
        return ("colorsys", "no_such_library") if "import colorsys" in program else ()

    monkeypatch.setattr(event_loop, "libraries_for", libraries_for)
    with LocalExecutor(workers=2) as executor:
        yield executor


def run(executor: LocalExecutor, *programs: str) -> list[Execution]:
    """Run programs, and return how they ended."""
    jobs = [Job(program=program, questions=(Run(),)) for program in programs]
    ended = dict(executor.run(jobs))
    return [ended[index][0] for index in range(len(jobs))]


def test_guests_find_their_libraries_loaded(executor: LocalExecutor) -> None:
    """Only those of programs that name them do, in a batch of both; one that is missing is not."""
    programs = [SAYS_WHAT_IS_LOADED, USES_IT] * 4

    for _ in range(2):
        outputs = [execution.stdout for execution in run(executor, *programs)]

        assert outputs == [b"False False\n", b"True False\n"] * 4


def test_workers_with_libraries_start_when_they_are_needed(executor: LocalExecutor) -> None:
    """They stay until the executor is closed, and their directories are among its own."""
    run(executor, SAYS_WHAT_IS_LOADED)
    before = executor.zygote_pids
    run(executor, USES_IT)
    after = executor.zygote_pids
    run(executor, SAYS_WHAT_IS_LOADED, USES_IT)

    assert (len(before), after[:2], len(after)) == (2, before, 4)
    assert executor.zygote_pids == after
    assert len(set(executor.work_directories)) == 4


def test_a_lost_worker_with_libraries_is_replaced(executor: LocalExecutor) -> None:
    """A program that ends its zygote is not run, and the next one has its libraries again."""
    kills = USES_IT + "\nimport os, signal\nos.kill(os.getppid(), signal.SIGKILL)"
    run(executor, USES_IT)
    executor._pools[("colorsys", "no_such_library")][0].close()

    assert run(executor, USES_IT)[0].stdout == b"True False\n"
    assert run(executor, kills)[0].ending in (Ending.FORBIDDEN, Ending.NOT_RUN)
    assert run(executor, USES_IT)[0].stdout == b"True False\n"


def test_a_batch_that_is_abandoned_leaves_workers_that_work(executor: LocalExecutor) -> None:
    """A worker whose guest still ran is replaced."""
    sleeps = "import colorsys, time\ntime.sleep(60)"
    jobs = [Job(program=program, questions=(Run(),)) for program in (USES_IT, sleeps)]

    batch = executor.run(jobs)
    next(batch)
    batch.close()

    assert [ended.stdout for ended in run(executor, USES_IT, USES_IT)] == [b"True False\n"] * 2


def test_libraries_that_cannot_be_loaded_do_not_stop_a_batch(
    monkeypatch: pytest.MonkeyPatch, executor: LocalExecutor
) -> None:
    """The program has to load them itself: naming them must not make a sample ungraded."""
    monkeypatch.setattr(event_loop, "libraries_for", lambda *_: ("",))  # no name of a module

    for _ in range(2):
        assert [ended.stdout for ended in run(executor, USES_IT, USES_IT)] == [b"False False\n"] * 2
    assert len(executor.zygote_pids) == 2


def test_the_memory_of_libraries_does_not_count(
    monkeypatch: pytest.MonkeyPatch, executor: LocalExecutor
) -> None:
    """A program may use its limit in addition to what its zygote has loaded."""
    limits = Limits(memory_bytes=12 * 2**20)  # less than any interpreter takes
    job = Job(program="import colorsys", questions=(Run(),), limits=limits)
    ((_, (with_libraries,)),) = executor.run([job])
    monkeypatch.setattr(event_loop, "libraries_for", lambda *_: ())
    too_much = Job(program="x = bytearray(2**26)", questions=(Run(),), limits=limits)
    ((_, (without,)),) = executor.run([too_much])

    assert (with_libraries.ending, without.ending) == (Ending.FINISHED, Ending.OUT_OF_MEMORY)
