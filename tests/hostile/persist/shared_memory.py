# tries: to leave shared memory of System V, semaphores and message queues
# must: harmless
# interpreter: runtime_error
# cases: 2

import ctypes

libc = ctypes.CDLL(None)
key = 0x5E5A3E
for found in (libc.shmget(key, 2**20, 0o1666), libc.semget(key, 5, 0o1666), libc.msgget(key, 0o1666)):
    if found >= 0:
        print("BREACH", found)
