# tries: to leave shared memory by the library
# must: runtime_error|harmless
# cases: 2

from multiprocessing import shared_memory

shared_memory.SharedMemory(name=MADE, create=True, size=4096)
print("BREACH")
