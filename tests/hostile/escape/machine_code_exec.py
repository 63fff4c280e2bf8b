# tries: to start a program by machine code of its own
# must: security_violation
# interpreter: runtime_error
# machine: x86_64

import ctypes, mmap, struct

path = ctypes.create_string_buffer(b"/bin/echo")
arguments = (ctypes.c_char_p * 3)(b"/bin/echo", b"BREACH", None)
code = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
code.write(
    b"\x48\xbf" + struct.pack("<Q", ctypes.addressof(path))
    + b"\x48\xbe" + struct.pack("<Q", ctypes.addressof(arguments))
    + b"\x48\x31\xd2\xb8\x3b\x00\x00\x00\x0f\x05\xc3"
)
ctypes.CFUNCTYPE(ctypes.c_long)(ctypes.addressof(ctypes.c_char.from_buffer(code)))()
