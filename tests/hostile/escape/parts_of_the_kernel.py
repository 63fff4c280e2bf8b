# tries: a part of the kernel that had many vulnerabilities: bpf
# must: security_violation
# interpreter: runtime_error
# machine: x86_64

import ctypes

if ctypes.CDLL(None).syscall(321, 0, ctypes.create_string_buffer(128), 128) >= 0:
    print("BREACH")
