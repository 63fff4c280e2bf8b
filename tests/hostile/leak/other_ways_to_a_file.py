# tries: to open the secret file by calls that have no name in Python
# must: harmless
# interpreter: runtime_error
# machine: x86_64

import ctypes

libc = ctypes.CDLL(None, use_errno=True)
path = SECRET_FILE.encode()
handle = ctypes.create_string_buffer((128).to_bytes(4, "little") + bytes(200))
mount = ctypes.c_int()
how = (ctypes.c_uint64 * 3)(0, 0, 0)
fds = [
    libc.syscall(2, path, 0, 0),
    libc.syscall(257, -100, path, 0, 0),
    libc.syscall(437, -100, path, how, 24),
    libc.syscall(85, path, 0o600) if False else -1,
    libc.syscall(428, -100, b"/", 1) if False else -1,
]
libc.syscall(303, -100, path, handle, ctypes.byref(mount), 0)
fds.append(libc.syscall(304, -100, handle, 0))
libc.fopen.restype = ctypes.c_void_p
if any(fd >= 0 for fd in fds) or libc.fopen(path, b"r"):
    print("BREACH")
