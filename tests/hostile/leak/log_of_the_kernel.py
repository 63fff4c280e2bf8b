# tries: to read the log of the kernel and of the system
# must: harmless|runtime_error

import ctypes

text = ctypes.create_string_buffer(4096)
if ctypes.CDLL(None).klogctl(3, text, 4096) > 0:
    print("BREACH")
