# tries: to get a segment of its own
# must: security_violation
# interpreter: runtime_error
# machine: x86_64

import ctypes

if ctypes.CDLL(None).syscall(154, 1, ctypes.create_string_buffer(16), 16) == 0:
    print("BREACH")
