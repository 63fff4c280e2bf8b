# tries: to open the secret file by io_uring, whose calls no filter sees
# must: security_violation
# interpreter: runtime_error
# machine: x86_64

import ctypes

parameters = ctypes.create_string_buffer(120)
if ctypes.CDLL(None).syscall(425, 8, parameters) >= 0:
    print("BREACH")
