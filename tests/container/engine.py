"""Start a container engine, and remove everything that it made.

In: a directory. Out: the address of an engine. The engine gives containers no network, and does
not change the machine's firewall and forwarding.
"""

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import docker
from docker.errors import DockerException

_DEFAULT_ADDRESS = "unix:///var/run/docker.sock"
_START_SECONDS = 30.0
_END_SECONDS = 20.0
_INSTALL_SECONDS = 300.0
_PAUSE_SECONDS = 0.05
_ANSWER_SECONDS = 10
# What an engine makes outside of the directories in its options.
_LEFTOVERS = ("/run/docker", "/run/containerd", "/opt/containerd")
_CGROUPS = Path("/sys/fs/cgroup")


class NoEngineError(Exception):
    """There is no container engine, and none can be started; the message says why."""


@contextmanager
def running_engine(directory: Path) -> Iterator[str]:
    """Yield an engine's address for the length of a `with` block. Raises NoEngineError.

    An engine that answers at `DOCKER_HOST`, or at the default address, is used. Otherwise one is
    started, with its data in *directory*.
    """
    address = _address_of_present_engine()
    if address is not None:
        yield address
        return
    if os.geteuid() != 0:
        raise NoEngineError("no engine answers, and only root can start one")
    install("dockerd", "docker.io")
    leftovers = [Path(path) for path in _LEFTOVERS if not Path(path).exists()]
    cgroups = set(_cgroups_of_engines())
    with (directory / "log").open("wb") as log:
        engine = subprocess.Popen(
            _command(directory), stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT
        )
    try:
        address = f"unix://{directory}/socket"
        _wait_until_ready(engine, address, directory / "log")
        yield address
    finally:
        _end(engine)
        for mount in Path(directory, "exec", "netns").glob("*"):
            subprocess.run(["umount", mount], check=False, capture_output=True)
        for path in leftovers:
            shutil.rmtree(path, ignore_errors=True)
        for cgroup in sorted(set(_cgroups_of_engines()) - cgroups, reverse=True):
            cgroup.rmdir()


def _address_of_present_engine() -> str | None:
    address = os.environ.get("DOCKER_HOST", _DEFAULT_ADDRESS)
    return address if _answers(address) else None


def _answers(address: str) -> bool:
    scheme, _, path = address.partition("://")
    if scheme == "unix":
        # If the connection is refused, the SDK leaves its socket open.
        with socket.socket(socket.AF_UNIX) as probe:
            if probe.connect_ex(path):
                return False
    try:
        with closing(docker.DockerClient(base_url=address, timeout=_ANSWER_SECONDS)) as client:
            return bool(client.ping())
    except DockerException:
        return False


def install(program: str, package: str) -> None:
    """Install a package, if PATH has no *program*. It stays installed for the next run.

    Raises NoEngineError.
    """
    if shutil.which(program) is not None:
        return
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        raise NoEngineError(f"found no {program}, and cannot install it by apt-get as root")
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    for command in (["update"], ["install", "-y", "--no-install-recommends", package]):
        try:
            subprocess.run(
                ["apt-get", "-qq", *command],
                env=environment,
                check=True,
                capture_output=True,
                timeout=_INSTALL_SECONDS,
            )
        except (subprocess.SubprocessError, OSError) as error:
            raise NoEngineError(f"{package} could not be installed: {error}") from error


def _command(directory: Path) -> list[str]:
    return [
        "dockerd",
        f"--data-root={directory}/data",
        f"--exec-root={directory}/exec",
        f"--pidfile={directory}/pid",
        f"--host=unix://{directory}/socket",
        "--bridge=none",
        "--iptables=false",
        "--ip6tables=false",
        "--ip-forward=false",
        "--ip-masq=false",
    ]


def _wait_until_ready(engine: subprocess.Popen[bytes], address: str, log: Path) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while not _answers(address):
        if engine.poll() is not None or time.monotonic() > deadline:
            last = log.read_text(errors="replace").strip().splitlines()[-1:]
            raise NoEngineError(f"dockerd did not start: {last}")
        time.sleep(_PAUSE_SECONDS)


def _end(engine: subprocess.Popen[bytes]) -> None:
    engine.send_signal(signal.SIGTERM)  # containers and containerd end with it
    try:
        engine.wait(_END_SECONDS)
    except subprocess.TimeoutExpired:
        engine.kill()
        engine.wait()


def _cgroups_of_engines() -> Iterator[Path]:
    """Yield the cgroups of an engine's containers, in cgroup versions 1 and 2."""
    yield from (*_CGROUPS.glob("docker"), *_CGROUPS.glob("*/docker"))
