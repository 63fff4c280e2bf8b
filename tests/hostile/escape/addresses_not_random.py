# tries: to let the next program have addresses that it knows
# must: security_violation
# interpreter: runtime_error

import ctypes

if ctypes.CDLL(None).personality(0x0040000) >= 0:
    print("BREACH")
