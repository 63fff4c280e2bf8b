# tries: to install a filter that answers its own calls, and to lift ours
# must: harmless
# interpreter: runtime_error
# machine: x86_64

import ctypes, struct

libc = ctypes.CDLL(None)
allow = ctypes.create_string_buffer(struct.pack("=HBBI", 6, 0, 0, 0x7FFF0000))
program = ctypes.create_string_buffer(struct.pack("=H6xQ", 1, ctypes.addressof(allow)))
if libc.syscall(317, 1, 8, program) >= 0 or libc.prctl(22, 2, program, 0, 0) == 0:
    print("BREACH")
for option in (1, 4, 36, 38, 0x59616D61, 8, 28):
    if libc.prctl(option, 0, 0, 0, 0) == 0:
        print("BREACH", option)
