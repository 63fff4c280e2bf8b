"""What a zygote forks for a session: two guests that share files, and nothing else."""

import ast
import signal
from typing import Any

import pytest

from nova_code_verifier.sandbox.host.local import LocalExecutor
from nova_code_verifier.sandbox.types import Call, Ending, IsolationLevel, Job, Run
from nova_code_verifier.verifier.checking.answers import with_value
from tests.unit.sandbox.session_fixtures import RunSession
from tests.unit.sandbox.sessions import HAS_PYTEST, PRELOADED, messages, only

OPEN_FILES = """
import os
answer = {}
for fd in range(256):
    try: answer[fd] = os.fstat(fd).st_ino
    except OSError: pass
"""
SURROUNDINGS = """
import os, sys
answer = sys.argv, sys.orig_argv[1:], os.environ["HOME"], os.environ["TMPDIR"], str(os.environ)
"""
FOREIGN = """
import sys
known = sys.stdlib_module_names | {"__main__", "solution"}
answer = [name for name in sys.modules if name.partition(".")[0] not in known]
"""


def both(code: str) -> str:
    """Return a harness that reports what *code* answers in both guests: the candidate first."""
    return f"report(ask({code!r}))\nexec({code!r})\nreport(repr(answer))"


def answers_of(run_session: RunSession, code: str, **options: Any) -> list[Any]:
    """Return what *code* answers in the candidate's guest and in that of the harness."""
    return [ast.literal_eval(message) for message in messages(run_session(both(code), **options))]


SIGNALS = """
import signal
blocked = signal.pthread_sigmask(signal.SIG_BLOCK, ())
ignored = [int(s) for s in signal.Signals if signal.getsignal(s) == signal.SIG_IGN]
print(blocked, ignored, flush=True)
try:
    signal.raise_signal(signal.SIGINT)
except KeyboardInterrupt:
    print("interrupted")
"""


def test_each_guest_has_its_own_descriptors(run_session: RunSession) -> None:
    """A candidate has neither the page of its harness nor its channel."""
    candidate, harness = answers_of(run_session, OPEN_FILES)

    assert set(candidate) == {0, 1, 2, 3, 4, 5}
    assert set(harness) >= {0, 1, 2, 3, 4, 5, 6}
    assert not set(candidate.values()) & set(harness.values())


def test_both_guests_read_no_input(run_session: RunSession) -> None:
    """Standard input is empty."""
    assert answers_of(run_session, "import os; answer = os.read(0, 99)") == [b"", b""]


def test_both_guests_run_on_one_processor(run_session: RunSession) -> None:
    """Where there are several processors, a session has one of them."""
    candidate, harness = answers_of(
        run_session, "import os; answer = sorted(os.sched_getaffinity(0))"
    )

    assert candidate == harness
    assert len(candidate) == 1


THREADS = """
import threading
thread = threading.Thread(target=lambda: None)
thread.start(); thread.join()
main = threading.main_thread()
answer = main is threading.current_thread(), main.ident == threading.get_ident(), thread.is_alive()
"""


def test_the_threads_of_a_guest_are_its_own(run_session: RunSession) -> None:
    """The zygote forks guests without the hooks of `threading` and `logging`."""
    assert answers_of(run_session, THREADS) == [(True, True, False)] * 2


def test_only_the_harness_finds_the_modules_of_a_harness(run_session: RunSession) -> None:
    """Neither our modules nor those of pytest are in the candidate's `sys.modules`."""
    candidate, harness = answers_of(run_session, FOREIGN)

    assert [name for name in candidate if name != "xxsubtype"] == []  # built in
    assert set(PRELOADED) <= set(harness)


def test_a_candidate_cannot_import_the_harness(run_session: RunSession) -> None:
    """Our code is not on the path of a guest."""
    harness = "report(ask('import tests.unit.sandbox.sessions'))"

    execution = run_session(harness)

    assert messages(execution) == ["lost"]
    assert execution.error is not None
    assert execution.error.type_name == "ModuleNotFoundError"


@pytest.mark.skipif(not HAS_PYTEST, reason="guests find no packages of this interpreter")
def test_a_candidate_can_import_what_was_hidden_from_it(run_session: RunSession) -> None:
    """A library that the harness has loaded, too, is loaded again from its file."""
    harness = "report(ask('import packaging.version as v; answer = str(v.Version(\"1.0\"))'))"

    assert messages(run_session(harness)) == ["'1.0'"]


def test_a_candidate_does_not_see_frames_of_ours_with_secrets(run_session: RunSession) -> None:
    """No frame below the program refers to the harness's modules, or to our settings."""
    code = """
import sys
frame, found = sys._getframe(), set()
while frame:
    found |= {"_SETTINGS", "_foreign", "confine", "waiting"} & set(frame.f_globals)
    frame = frame.f_back
answer = found
"""
    assert messages(run_session(f"report(ask({code!r}))")) == ["set()"]


def test_guests_of_a_session_show_nothing_of_ours(
    run_session: RunSession, session_executor: LocalExecutor
) -> None:
    """Their arguments and their environment are those of a plain interpreter."""
    is_private = session_executor.level is not IsolationLevel.NONE
    for argv, orig_argv, home, tmp, environment in answers_of(run_session, SURROUNDINGS):
        assert (argv, orig_argv) == (["solution.py"], ["solution.py"])
        if is_private:
            assert (home, tmp) == ("/tmp", "/tmp")
            assert "verifier" not in environment


def test_a_called_program_shows_nothing_of_ours(executor: LocalExecutor) -> None:
    """It finds its own name as the only argument, and `/tmp` as its temporary directory."""
    program = f"def f():\n    exec({SURROUNDINGS!r}, globals())\n    return answer"
    job = Job(program=program, questions=(Call(entry_point="f"),))

    execution = with_value(only(executor.run([job])))

    assert isinstance(execution.value, tuple)
    *shown, environment = execution.value
    assert shown == [["solution.py"], ["solution.py"], "/tmp", "/tmp"]
    assert "verifier" not in environment


def test_temporary_files_are_found_by_their_shown_name(executor: LocalExecutor) -> None:
    """The directory that the environment names works, and is the private one."""
    program = (
        "import os, pathlib, tempfile\nprint(tempfile.gettempdir())\n"
        "open(os.environ['TMPDIR'] + '/x', 'w').close(); print(os.listdir('/tmp'))\n"
        "print((pathlib.Path.home() / 'x').exists())"
    )

    execution = only(executor.run([Job(program=program, questions=(Run(),))]))

    assert execution.stdout.decode().split("\n") == ["/tmp", "['x']", "True", ""]


def test_both_guests_share_their_files(run_session: RunSession) -> None:
    """Each can read and change what the other one has made, even if it is private to its owner."""
    harness = """
import os, tempfile
fd, path = tempfile.mkstemp()
os.write(fd, b"tests")
report(ask(f"open({path!r}, 'a').write(' and more'); answer = open({path!r}).read()"))
mine = "fd, path = tempfile.mkstemp(dir='.'); os.write(fd, b'mine'); answer = path"
path = eval(ask("import os, tempfile; " + mine))
report(open(path).read())
report(os.getcwd() == eval(ask("import os; answer = os.getcwd()")))
"""
    assert messages(run_session(harness)) == ["'tests and more'", "mine", "True"]


def test_a_session_leaves_no_files(run_session: RunSession) -> None:
    """The next session finds empty directories."""
    make = "import os; open('a', 'w').close(); os.makedirs(os.environ['TMPDIR'] + '/b/c')"
    look = "import os; answer = os.listdir('.'), os.listdir(os.environ['TMPDIR'])"
    run_session(f"ask({make!r})\nopen('d', 'w').close()")

    assert messages(run_session(f"report(ask({look!r}))")) == ["([], [])"]


ATTACKS = {
    "signal": "import os; os.kill({pid}, 9)",
    "signal by ctypes": "import ctypes; answer = ctypes.CDLL(None).kill({pid}, 9)",
    "signal to all": "import ctypes; answer = ctypes.CDLL(None).kill(-1, 9)",
    "ptrace": "import ctypes; answer = ctypes.CDLL(None).ptrace(16, {pid}, 0, 0)",
    "process_vm_readv": "import ctypes\n"
    "answer = ctypes.CDLL(None).process_vm_readv({pid}, None, 0, None, 0, 0)",
    "memory": "import os\nfor name in ('mem', 'maps', 'environ', 'fd/3', 'fd/5', 'fd/6'):\n"
    "    try: answer += 'BREACH' + str(os.open('/proc/{pid}/' + name, os.O_RDONLY))\n"
    "    except OSError: pass",
    "pidfd_getfd": "import os, ctypes\nlibc = ctypes.CDLL(None)\n"
    "fd = libc.syscall(434, {pid}, 0)\n"
    "if fd >= 0: answer = 'BREACH' + str(libc.syscall(438, fd, 6, 0))",
    "limits": "import resource\ntry:\n    resource.prlimit({pid}, resource.RLIMIT_CPU, (1, 1))\n"
    "    answer = 'BREACH'\nexcept OSError: pass",
    "affinity": "import os\ntry:\n    os.sched_setaffinity({pid}, {{0}})\n    answer = 'BREACH'\n"
    "except OSError: pass",
}


@pytest.mark.parametrize("name", ATTACKS)
def test_a_candidate_does_not_reach_its_harness(
    run_session: RunSession, session_executor: LocalExecutor, name: str
) -> None:
    """Where the kernel isolates guests, the harness has a process of its own."""
    if session_executor.level is not IsolationLevel.KERNEL:
        pytest.skip("only the kernel protects processes of one user from each other")
    harness = f"import os\nreport(ask({ATTACKS[name]!r}.format(pid=os.getpid())))\nreport('alive')"

    execution = run_session(harness)

    assert execution.harness_ending is Ending.FINISHED
    answer, alive = messages(execution)
    assert alive == "alive"
    assert "BREACH" not in answer
    assert answer in {"lost", "''", "-1"}


def test_a_harness_is_confined_too(
    run_session: RunSession, session_executor: LocalExecutor
) -> None:
    """Tests of a data set are trusted with their result, not with this machine."""
    if session_executor.level is IsolationLevel.NONE:
        pytest.skip("nothing is confined at this level")

    execution = run_session("import socket; socket.create_connection(('127.0.0.1', 9))")

    assert execution.harness_ending is Ending.FORBIDDEN
    assert execution.detail.startswith("socket.")
    assert messages(execution) == []


def test_signals_that_the_host_blocks_or_ignores_reach_guests() -> None:
    """Ray blocks SIGINT in its workers; nohup ignores SIGHUP, and a shell's `&` SIGINT."""
    blocked = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGUSR1})
    ignored = {number: signal.signal(number, signal.SIG_IGN) for number in (1, 2, 12)}
    try:
        executor = LocalExecutor(workers=1)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
        for number, handler in ignored.items():
            signal.signal(number, handler)
    with executor:
        [(_, [execution])] = executor.run([Job(program=SIGNALS, questions=(Run(),))])

    # Without Landlock, and at level interpreter, a program that sends itself a signal ends by it.
    rest = b"" if execution.ending is Ending.CRASHED else b"interrupted\n"
    assert execution.stdout == b"set() [13, 25]\n" + rest
