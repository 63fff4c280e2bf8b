"""Wait for guests, in their zygote: answer their requests, kill them on command, reap them.

Only the zygote signals and reaps guests: the kernel does not reuse a pid before the parent has
reaped it, so no signal can reach another process.
"""

import errno
import os
import select
import signal
from _socket import AF_UNIX, CMSG_SPACE, MSG_CTRUNC, SOCK_SEQPACKET, socket

# By name: level `interpreter` removes it from the module.
from os import pidfd_open

from nova_code_verifier.sandbox.guest.own_files import answer_request
from nova_code_verifier.sandbox.protocol import control

_UNANNOUNCED_MS = 2
_POLL_MS = 5  # between two looks, where the kernel cannot report that a guest has ended
_DESCRIPTOR_BYTES = 4
_ENDING_MS, _ENDING_LOOKS = 10, 5  # several: all may have been stopped during one
_ANCILLARY_BYTES = CMSG_SPACE(control.DESCRIPTORS_MAX * _DESCRIPTOR_BYTES)


def receive(keeper: socket) -> tuple[bytes, tuple[int, ...]]:
    """Wait for the keeper's next packet; return it and the descriptors that came with it.

    Raises OSError if this process has no room for the descriptors.
    """
    packet, ancillary, flags, _ = keeper.recvmsg(control.PACKET_BYTES_MAX, _ANCILLARY_BYTES)
    if flags & MSG_CTRUNC:
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))
    if not ancillary:
        return packet, ()
    return packet, tuple(memoryview(ancillary[0][2]).cast("i"))


def await_guest(
    keeper: socket, requests_fd: int, pid: int, own_files: tuple[str, ...], *, announced: bool
) -> tuple[bytes, bytes]:
    """Wait until the guest ends. Return the `ended` packet, and the keeper's last packet.

    Any packet of the keeper kills the guest: `kill`, or `drain` if an exception, such as Ctrl-C,
    came between the request and the keeper's record of it. A guest that ends at once, as most do,
    is not announced by a `started` packet. Until it ends, answer its requests about *own_files*.
    """
    poll, pidfd = select.poll(), _open_pidfd(pid)
    control_fd = keeper.fileno()
    packet = b""
    for fd in (control_fd, pidfd, requests_fd):
        if fd >= 0:
            poll.register(fd, select.POLLIN)
    try:
        while True:
            pause = (None if pidfd >= 0 else _POLL_MS) if announced else _UNANNOUNCED_MS
            ready = {fd for fd, _ in poll.poll(pause)}
            if not announced and (not ready or requests_fd in ready):
                keeper.send(control.pack_started(pid))
                announced = True
            if requests_fd in ready:
                ready.remove(requests_fd)
                _answer(poll, requests_fd, own_files)
            if control_fd in ready:
                packet, _ = receive(keeper)
                os.kill(pid, signal.SIGKILL)
                if not packet:
                    os._exit(0)  # the keeper has ended: nobody needs this worker
            reaped, status, usage = os.wait4(pid, 0 if ready else os.WNOHANG)
            if reaped:
                cpu_seconds = usage.ru_utime + usage.ru_stime
                return control.pack_ended(status, cpu_seconds, usage.ru_maxrss * 1024), packet
    finally:
        if pidfd >= 0:
            os.close(pidfd)


class Child:
    """A guest of a pair, and the zygote's end of its requests."""

    def __init__(self, pid: int, requests_fd: int, *, is_harness: bool) -> None:
        """Watch a guest that has just been forked."""
        self.pid = pid
        self.requests_fd = requests_fd
        self.is_harness = is_harness
        self.is_alive = True
        self._pidfd = _open_pidfd(pid)
        self._poll: select.poll | None = None

    def watch(self, poll: select.poll) -> bool:
        """Register with *poll*; return whether it reports the guest's end."""
        self._poll = poll
        poll.register(self.requests_fd, select.POLLIN)
        if self._pidfd >= 0:
            poll.register(self._pidfd, select.POLLIN)
        return self._pidfd >= 0

    def kill(self) -> None:
        """Kill the guest, if it has not been reaped."""
        if self.is_alive:
            os.kill(self.pid, signal.SIGKILL)

    def await_end(self) -> None:
        """Wait a moment for the end of the guest."""
        if self.is_alive and self._pidfd >= 0:
            any(_wait_for(self._pidfd, select.POLLIN, _ENDING_MS) for _ in range(_ENDING_LOOKS))

    def reap(self) -> bytes | None:
        """Return the `ended` packet if the guest has ended since the last call."""
        if not self.is_alive:
            return None
        reaped, status, usage = os.wait4(self.pid, os.WNOHANG)
        if not reaped:
            return None
        self.is_alive = False
        if self._pidfd >= 0 and self._poll is not None:
            self._poll.unregister(self._pidfd)  # it would wake the loop again and again
            os.close(self._pidfd)
        cpu_seconds, peak_bytes = usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024
        return control.pack_ended(status, cpu_seconds, peak_bytes, is_harness=self.is_harness)


def await_pair(
    keeper: socket, candidate: Child, harness: Child, peer_fd: int, own_files: tuple[str, ...]
) -> bytes:
    """Wait until both guests have ended, and report each. Return the keeper's last packet.

    The candidate is killed when the harness ends; the harness goes on without the candidate.
    *peer_fd* is our copy of the harness's end of the socket between them.
    """
    poll, control_fd, last = select.poll(), keeper.fileno(), b""
    poll.register(control_fd, select.POLLIN)
    for child in (candidate, harness):
        keeper.send(control.pack_started(child.pid, is_harness=child.is_harness))
    pause = None if candidate.watch(poll) & harness.watch(poll) else _POLL_MS
    while candidate.is_alive or harness.is_alive:
        ready = {fd for fd, _ in poll.poll(pause)}
        if control_fd in ready:
            last = _obey(keeper, candidate, harness) or last
        for child in (harness, candidate):
            if child.requests_fd in ready:
                _answer(poll, child.requests_fd, own_files)
        of_harness = harness.reap()
        if of_harness and _wait_for(peer_fd, 0, 0):
            # The candidate has closed its end of the socket, and perhaps it is still ending, while
            # the harness has seen that and has ended. Report the candidate first.
            candidate.await_end()
        of_candidate = candidate.reap()
        for packet in filter(None, (of_candidate, of_harness)):
            keeper.send(packet)
        if not harness.is_alive:
            candidate.kill()
    return last


def _obey(keeper: socket, candidate: Child, harness: Child) -> bytes:
    """Receive a packet, and kill both guests or the candidate alone. Return one that ends both."""
    packet, _ = receive(keeper)
    candidate.kill()
    if packet == control.KILL_CANDIDATE:
        return b""
    harness.kill()
    if not packet:
        os._exit(0)  # the keeper has ended: nobody needs this worker
    return packet


def _answer(poll: select.poll, requests_fd: int, own_files: tuple[str, ...]) -> None:
    requests = socket(AF_UNIX, SOCK_SEQPACKET, 0, requests_fd)
    try:
        if not answer_request(requests, own_files):
            poll.unregister(requests_fd)  # the guest has closed it, or sent nonsense
    finally:
        requests.detach()


def _wait_for(fd: int, events: int, milliseconds: int) -> bool:
    """Wait until there is an event; without *events*, until the other side has closed it."""
    poll = select.poll()
    poll.register(fd, events)
    return bool(poll.poll(milliseconds))


def _open_pidfd(pid: int) -> int:
    try:
        return pidfd_open(pid)
    except OSError:
        return -1  # an old kernel: poll
