# tries: to add its own rules of Landlock, on top of ours
# must: harmless
# interpreter: runtime_error
# machine: x86_64

import ctypes

attributes = (ctypes.c_uint64 * 3)(1, 0, 0)
if ctypes.CDLL(None).syscall(444, attributes, 8, 0) >= 0:
    print("BREACH")
