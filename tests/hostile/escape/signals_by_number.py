# tries: to signal the parent by calls that Python does not have
# must: security_violation|harmless
# interpreter: runtime_error
# machine: x86_64

import ctypes, os

libc = ctypes.CDLL(None)
information = ctypes.create_string_buffer(128)
for number in (62, 200, 234, 129, 297):
    arguments = (os.getppid(), 0) if number in (62, 200) else (os.getppid(), os.getppid(), 0)
    if number == 129:
        arguments = (os.getppid(), 10, information)
    if libc.syscall(number, *arguments) == 0:
        print("BREACH", number)
