# tries: to leave shared memory, semaphores and queues of POSIX
# must: harmless
# interpreter: runtime_error
# cases: 2

import ctypes

libc = ctypes.CDLL(None)
libc.sem_open.restype = ctypes.c_void_p
name = b"/" + MADE.encode()
if libc.shm_open(name, 0o102, 0o666) >= 0 or libc.mq_open(name, 0o102, 0o666, None) >= 0:
    print("BREACH")
if libc.sem_open(name, 0o100, 0o666, 1):
    print("BREACH")
