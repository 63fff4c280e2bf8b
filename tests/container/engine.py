"""A container engine of our own, for as long as it is needed, and nothing of it afterwards.

In: a directory. Out: the address of an engine that answers. It has no network to give to
containers, and leaves the machine's firewall and forwarding alone. Must not know: images.
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
_INSTALL = (
    ["apt-get", "update", "-qq"],
    ["apt-get", "install", "-y", "-qq", "--no-install-recommends", "docker.io"],
)
# What an engine makes outside of the directories that it is given.
_TRACES = ("/run/docker", "/run/containerd", "/opt/containerd")
_CGROUPS = Path("/sys/fs/cgroup")


class NoEngineError(Exception):
    """There is no container engine to be had; the message says why."""


@contextmanager
def running_engine(directory: Path) -> Iterator[str]:
    """Be an engine's address for the length of a `with` block. Raises NoEngineError.

    That is an engine which answers where `DOCKER_HOST`, or the default, says; or else one
    of our own, with its data in *directory*.
    """
    address = _address_of_present_engine()
    if address is not None:
        yield address
        return
    if os.geteuid() != 0:
        raise NoEngineError("none answers, and only root can start one")
    _install()
    traces = [Path(trace) for trace in _TRACES if not Path(trace).exists()]
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
        for trace in traces:
            shutil.rmtree(trace, ignore_errors=True)
        for cgroup in sorted(set(_cgroups_of_engines()) - cgroups, reverse=True):
            cgroup.rmdir()


def _address_of_present_engine() -> str | None:
    address = os.environ.get("DOCKER_HOST", _DEFAULT_ADDRESS)
    return address if _answers(address) else None


def _answers(address: str) -> bool:
    scheme, _, path = address.partition("://")
    if scheme == "unix":
        # Where nobody listens, the SDK would leave its socket open.
        with socket.socket(socket.AF_UNIX) as probe:
            if probe.connect_ex(path):
                return False
    try:
        with closing(docker.DockerClient(base_url=address, timeout=_ANSWER_SECONDS)) as client:
            return bool(client.ping())
    except DockerException:
        return False


def _install() -> None:
    """Have an engine on PATH. What a package brings stays: a next run needs it again."""
    if shutil.which("dockerd") is not None:
        return
    if shutil.which("apt-get") is None:
        raise NoEngineError("there is no dockerd, and no apt-get to install it with")
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    for command in _INSTALL:
        try:
            subprocess.run(
                command, env=environment, check=True, capture_output=True, timeout=_INSTALL_SECONDS
            )
        except (subprocess.SubprocessError, OSError) as error:
            raise NoEngineError(f"docker.io could not be installed: {error}") from error


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
    """Find the groups in which an engine keeps its containers, in either version's tree."""
    yield from (*_CGROUPS.glob("docker"), *_CGROUPS.glob("*/docker"))
