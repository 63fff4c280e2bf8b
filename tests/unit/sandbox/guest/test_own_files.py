"""The zygote's answers to requests about a guest's own files."""

import errno
import socket
import struct
from collections.abc import Iterator
from pathlib import Path

import pytest

from nova_code_verifier.sandbox.guest.own_files import answer_request

SAME_MODE = -1


class Guest:
    """One end of a conversation, of which the zygote has the other."""

    def __init__(self, directory: Path) -> None:
        """Own *directory*."""
        self.zygote_end, self.end = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.end.settimeout(0)
        self._directories = (f"{directory}/",)

    def request(self, packet: bytes, *descriptors: int) -> bool:
        """Send a packet with descriptors; return whether the zygote goes on listening."""
        socket.send_fds(self.end, [packet], descriptors)
        return answer_request(self.zygote_end, self._directories)

    def error_of(self, mode: int, path: Path) -> int:
        """Return the error number of the reply to a request."""
        assert self.request(struct.pack("=i", mode) + bytes(path))
        (error,) = struct.unpack("=i", self.end.recv(99))
        return int(error)


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """Return a guest's directory."""
    directory = tmp_path / "own"
    directory.mkdir(0o755)
    return directory


@pytest.fixture
def guest(own: Path) -> Iterator[Guest]:
    """Return a guest."""
    guest = Guest(own)
    with guest.zygote_end, guest.end:
        yield guest


def mode_of(path: Path) -> int:
    """Return the mode bits of a file."""
    return path.stat().st_mode & 0o7777


def open_files() -> int:
    """Return how many descriptors this process has."""
    return len(list(Path("/proc/self/fd").iterdir()))


@pytest.mark.parametrize("mode", [0, 0o400, 0o644, 0o1777])
def test_the_mode_of_an_own_file_changes(own: Path, guest: Guest, mode: int) -> None:
    """It may be a directory."""
    (own / "file").touch()
    (own / "folder").mkdir()

    for path in (own / "file", own / "folder", own):
        assert guest.error_of(mode, path) == 0
        assert mode_of(path) == mode
        path.chmod(0o755)


@pytest.mark.parametrize("mode", [0o600, SAME_MODE])
def test_a_foreign_file_is_refused(tmp_path: Path, own: Path, guest: Guest, mode: int) -> None:
    """This holds also for links to it, for what lies above, and for a name that begins alike."""
    foreign = tmp_path / "own-not"
    foreign.write_text("x")
    foreign.chmod(0o644)
    (own / "up").symlink_to(tmp_path)

    for path in (
        foreign,
        own / "up" / "own-not",
        own / ".." / "own-not",
        tmp_path,
        Path("/proc/self/mem"),
        Path("/dev/null"),
    ):
        assert guest.error_of(mode, path) == errno.EPERM
    assert mode_of(foreign) == 0o644


def test_a_link_itself_leads_nowhere(tmp_path: Path, own: Path, guest: Guest) -> None:
    """The mode of a link's target does not change."""
    foreign = tmp_path / "foreign"
    foreign.touch()
    foreign.chmod(0o644)
    (own / "link").symlink_to(foreign)

    guest.error_of(0o777, own / "link")

    assert mode_of(foreign) == 0o644


def test_no_file_will_run_as_its_owner(own: Path, guest: Guest) -> None:
    """The bits that would do this are cleared."""
    (own / "file").touch()

    assert guest.error_of(0o6755, own / "file") == 0
    assert mode_of(own / "file") == 0o755


def test_the_same_mode_only_asks(own: Path, guest: Guest) -> None:
    """A guest can ask whether a file is its own."""
    (own / "file").touch()
    before = mode_of(own / "file")

    assert guest.error_of(SAME_MODE, own / "file") == 0
    assert mode_of(own / "file") == before


SET_TIMES = struct.pack("=iqq", -2, 5, 7)


def test_the_times_of_an_own_file_change(own: Path, guest: Guest) -> None:
    """It may be a link: then the link's own times change."""
    (own / "file").touch()
    (own / "link").symlink_to("file")

    for path in (own / "link", own / "file", own):
        assert guest.request(SET_TIMES + bytes(path))
        assert guest.end.recv(99) == bytes(4)
        times = path.lstat()
        assert (times.st_atime_ns, times.st_mtime_ns) == (5, 7)
        assert (own / "file").stat().st_mtime_ns != 7 or path != own / "link"


def test_the_times_of_a_foreign_file_are_refused(tmp_path: Path, guest: Guest) -> None:
    """They stay as they were."""
    (tmp_path / "foreign").touch()
    before = (tmp_path / "foreign").stat()

    assert guest.request(SET_TIMES + bytes(tmp_path / "foreign"))

    assert struct.unpack("=i", guest.end.recv(99)) == (errno.EPERM,)
    assert (tmp_path / "foreign").stat().st_mtime_ns == before.st_mtime_ns


def test_a_file_that_is_not_there_is_an_error(own: Path, guest: Guest) -> None:
    """So is a name that no file can have."""
    assert guest.error_of(0o600, own / "missing") == errno.ENOENT
    assert guest.error_of(0o600, own / ("x" * 300)) == errno.ENAMETOOLONG
    assert guest.request(bytes(4) + b"zero\0byte")
    assert guest.request(SET_TIMES[:9])
    assert guest.request(SET_TIMES)


@pytest.mark.parametrize("packet", [b"", b"x", bytes(3), bytes(4)])
def test_nonsense_ends_the_conversation(guest: Guest, packet: bytes) -> None:
    """A packet without a mode and a name gets no reply."""
    assert not guest.request(packet)
    with pytest.raises(BlockingIOError):
        guest.end.recv(99)


def test_the_end_of_the_guest_ends_the_conversation(guest: Guest) -> None:
    """A closed socket is no error."""
    guest.end.close()

    assert not answer_request(guest.zygote_end, ())


def test_no_descriptor_is_kept(own: Path, guest: Guest) -> None:
    """However many files a guest sends, in a good packet or a bad one."""
    (own / "file").touch()
    good = struct.pack("=i", 0o644) + bytes(own / "file")
    before = open_files()

    for count in range(9):
        for packet in (good, b"x"):
            guest.request(packet, *[1] * count)

    assert open_files() == before


def test_a_guest_that_reads_no_reply_is_not_waited_for(own: Path, guest: Guest) -> None:
    """When its buffer is full, the conversation ends."""
    guest.zygote_end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1)

    listening = [guest.request(struct.pack("=i", SAME_MODE) + bytes(own)) for _ in range(1000)]

    assert not listening[-1]
