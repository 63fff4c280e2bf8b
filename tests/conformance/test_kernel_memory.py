"""What the kernel holds for a guest, and no limit of its own counts, is bounded.

Each program holds as much as it can, and then prints how many bytes it has.
"""

from collections.abc import Callable

import pytest

from nova_code_verifier.sandbox.confinement.confine import OPEN_FILES_MAX
from nova_code_verifier.sandbox.types import Ending, Execution

FILE_BYTES = 2**20
# Two bytes of buffers for each byte that a program reads back, and some descriptors of its own.
BUFFER_BYTES_MAX = 16 * 2**20

FILL_SOCKETS = """
import socket
held, size = [], 0
try:
    while True:
        pair = socket.socketpair()
        held += pair
        for end in pair:
            end.setblocking(False)
            OPTIONS
            try:
                while True: size += end.send(bytes(2**16))
            except BlockingIOError: pass
except OSError: pass
print(size)
"""
SET_OPTION = """
            try: end.setsockopt(socket.SOL_SOCKET, NUMBER, 2**24)
            except OSError: pass
"""
FILL_PIPES = """
import fcntl, os
held, size = [], 0
try:
    while True:
        read, write = os.pipe()
        held += read, write
        os.set_blocking(write, False)
        try: fcntl.fcntl(write, 1031, 2**20)  # F_SETPIPE_SZ
        except OSError: pass
        try:
            while True: size += os.write(write, bytes(2**12))
        except BlockingIOError: pass
except OSError: pass
print(size)
"""
BUFFERS = {
    "sockets": FILL_SOCKETS.replace("OPTIONS", ""),
    **{
        f"sockets with {name}": FILL_SOCKETS.replace(
            "            OPTIONS", SET_OPTION.replace("NUMBER", number)
        )
        for name, number in (
            ("SO_SNDBUF", "7"),
            ("SO_RCVBUF", "8"),
            ("SO_SNDBUFFORCE", "32"),
            ("SO_RCVBUFFORCE", "33"),
        )
    },
    "the class of native sockets": """
import _socket
held, size = [], 0
try:
    while True:
        pair = _socket.socketpair()
        held += pair
        for end in pair:
            end.setblocking(False)
            try: _socket.socket.setsockopt(end, 1, 7, 2**24)
            except (OSError, AttributeError): pass
            try:
                while True: size += end.send(bytes(2**16))
            except BlockingIOError: pass
except OSError: pass
print(size)
""",
    "a new copy of the native sockets": """
import sys
del sys.modules['_socket']
try: import _socket
except ImportError: print(0)
else:
    held, size = [], 0
    try:
        while True:
            pair = _socket.socketpair()
            held += pair
            for end in pair:
                end.setblocking(False)
                end.setsockopt(1, 7, 2**24)
                try:
                    while True: size += end.send(bytes(2**16))
                except BlockingIOError: pass
    except OSError: pass
    print(size)
""",
    "pipes": FILL_PIPES,
    "pages given to pipes": """
import os
held, size = [], 0
zero = os.open('/dev/zero', os.O_RDONLY)
try:
    while True:
        read, write = os.pipe()
        held += read, write
        os.set_blocking(write, False)
        while True: size += os.splice(zero, write, 2**20, flags=2)
except (OSError, AttributeError): pass
print(size)
""",
}

# Each message keeps a file open that the guest has closed.
SEND_FILES = """
import os, socket
SENDMSG
kept = 0
left, right = socket.socketpair()
right.setblocking(False); left.setblocking(False)
try:
    for _ in range(100):
        fd = os.open('x', os.O_RDWR | os.O_CREAT); os.unlink('x')
        send(left, fd)
        os.close(fd)
        kept += 1
except (OSError, AttributeError, ImportError): pass
print(kept)
"""
SENDERS = {
    "sendmsg": "def send(end, fd): socket.send_fds(end, [b'x'], [fd])",
    "sendmsg of the native class": """
import _socket
def send(end, fd):
    _socket.socket.sendmsg(end, [b'x'], [(1, 1, fd.to_bytes(4, 'little'))])
""",
    "sendmsg by ctypes": """
def send(end, fd):
    import ctypes
    libc = ctypes.CDLL(None, use_errno=True)
    data = ctypes.create_string_buffer(b'x')
    vector = (ctypes.c_ulong * 2)(ctypes.addressof(data), 1)
    control = (ctypes.c_uint * 6)(20, 0, 1, 1, fd, 0)
    header = (ctypes.c_ulong * 7)(
        0, 0, ctypes.addressof(vector), 1, ctypes.addressof(control), 24, 0)
    if libc.sendmsg(end.fileno(), header, 0) < 0: raise OSError
""",
}

ALLOCATE = {
    "posix_fallocate": "os.posix_fallocate(fd, 0, 8 * 2**20)",
    "posix_fallocate of a long file": """
os.ftruncate(fd, 2**20); os.posix_fallocate(fd, 0, 2**20); os.posix_fallocate(fd, 2**20, 2**23)
""",
    **{
        f"fallocate, mode {mode}": f"""
import ctypes
libc = ctypes.CDLL(None)
libc.fallocate.argtypes = [ctypes.c_int, ctypes.c_int, ctypes.c_int64, ctypes.c_int64]
libc.fallocate(fd, {mode}, 0, 8 * 2**20)
"""
        for mode in (0, 1, 0x11, 0x40)  # KEEP_SIZE, with ZERO_RANGE; UNSHARE_RANGE
    },
}


@pytest.mark.parametrize("name", BUFFERS)
def test_buffers_are_bounded(name: str, run: Callable[..., Execution]) -> None:
    """All descriptors of a guest together hold little more than their default buffers."""
    execution = run(BUFFERS[name])

    assert execution.ending is Ending.FINISHED
    assert int(execution.stdout) < BUFFER_BYTES_MAX


@pytest.mark.parametrize("name", SENDERS)
def test_a_guest_sends_no_descriptors(name: str, run: Callable[..., Execution]) -> None:
    """So none stays open beyond the number that a guest may have."""
    execution = run(SEND_FILES.replace("SENDMSG", SENDERS[name].strip()))

    assert (execution.ending, execution.stdout) == (Ending.FINISHED, b"0\n")


@pytest.mark.parametrize("name", ALLOCATE)
def test_files_take_no_more_space_than_they_may(name: str, run: Callable[..., Execution]) -> None:
    """Not even with `fallocate`, which need not make a file longer."""
    attempt = "\n".join("    " + line for line in ALLOCATE[name].strip().splitlines())
    program = f"""
import os
fd = os.open('x', os.O_RDWR | os.O_CREAT)
try:
{attempt}
except (OSError, ImportError): pass
print(os.fstat(fd).st_blocks * 512)
"""

    execution = run(program, output_bytes=FILE_BYTES)

    assert execution.ending is Ending.FINISHED
    assert int(execution.stdout) <= 2 * FILE_BYTES


def test_space_is_allocated_within_the_limit(run: Callable[..., Execution]) -> None:
    """`os.posix_fallocate` works for an honest program."""
    program = """
import os
with open('x', 'w+b') as file:
    os.posix_fallocate(file.fileno(), 0, 2**19)
    print(os.stat('x').st_size, os.fstat(file.fileno()).st_blocks >= 2**19 // 512)
"""

    assert run(program, output_bytes=FILE_BYTES).stdout == b"524288 True\n"


def test_asyncio_writes_much_to_a_socket(run: Callable[..., Execution]) -> None:
    """It uses `sendmsg` where there is one."""
    program = """
import asyncio, socket
async def main():
    ends = [await asyncio.open_connection(sock=end) for end in socket.socketpair()]
    (_, writer), (reader, _) = ends
    writer.writelines([b'x' * 100_000] * 20)
    drained = asyncio.create_task(writer.drain())
    print(len(await reader.readexactly(2_000_000)))
    await drained
    left, right = socket.socketpair()
    print(left.sendmsg([b'ab', bytearray(b'c')]), right.recv(9))
asyncio.run(main())
"""

    assert run(program).stdout == b"2000000\n3 b'abc'\n"


def test_the_number_of_open_files_is_bounded(run: Callable[..., Execution]) -> None:
    """Each may hold a socket's buffers, or a file that has no name."""
    program = """
import os
held = []
try:
    while True: held.append(os.dup(1))
except OSError: print(len(held))
"""

    assert int(run(program).stdout) < OPEN_FILES_MAX
