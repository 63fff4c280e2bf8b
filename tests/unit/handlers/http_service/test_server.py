"""The supervisor of the processes that serve."""

from pathlib import Path

from tests.processes import start_python

HANGING = """
import os, signal, sys, time
from pathlib import Path
from nova_code_verifier.handlers.http_service import server

server._LOOK_SECONDS, server._SILENT_LOOKS_MAX = 0.01, 100
mark = Path(os.environ["TMPDIR"], "mark")

def run(listener, parent, heartbeat):
    print("start", flush=True)
    for number in range(75):
        heartbeat[0] = number + 1
        time.sleep(0.02)
    if not mark.exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGSTOP)
    os.kill(os.getppid(), signal.SIGTERM)
    time.sleep(3600)

listeners = server.listen(*server.address_of("127.0.0.1", 0), 1)
print(server._Supervisor(listeners, run).run())
"""


def test_a_process_that_hangs_is_replaced(tmp_path: Path) -> None:
    """One that was stopped is killed; one that lives and has nothing to do is not."""
    output, _ = start_python(HANGING, tmp_path).communicate(timeout=60)

    assert output.split() == ["start", "start", "True"]


COUNTING = """
import os
from pathlib import Path
from nova_code_verifier.handlers.http_service import server

directory = Path(os.environ["TMPDIR"])
os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(directory)
server._reserve_disk(directory)
reserved = set(directory.iterdir())

from nova_code_verifier.handlers.http_service import metrics

metrics.IN_FLIGHT.inc()
metrics.REQUESTS.labels("/score", "200").inc()
metrics.REQUEST_SECONDS.labels("/score").observe(1)
print(set(directory.iterdir()) == reserved)
print(all(path.stat().st_blocks * 512 >= path.stat().st_size for path in reserved))
print("verifier_requests_in_flight 1.0" in metrics.exposition().decode())
"""


def test_a_full_disk_kills_no_process_that_counts(tmp_path: Path) -> None:
    """The metrics are in files without holes, and in no others."""
    output, _ = start_python(COUNTING, tmp_path).communicate(timeout=60)

    assert output.split() == ["True"] * 3


WITHOUT_DISK = """
import resource
from nova_code_verifier.handlers.http_service import server
from nova_code_verifier.sandbox.errors import SandboxError

resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
try:
    server.serve(None, [], on_start=None)
except SandboxError as error:
    print(error)
"""


def test_a_service_needs_disk_for_its_metrics(tmp_path: Path) -> None:
    """It says where, and leaves nothing behind."""
    output, _ = start_python(WITHOUT_DISK, tmp_path).communicate(timeout=60)

    assert output == f"no disk for metrics in {tmp_path}: File too large\n"
    assert not list(tmp_path.iterdir())
