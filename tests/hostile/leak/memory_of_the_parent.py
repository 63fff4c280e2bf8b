# tries: to read the memory of its parent and of our process
# must: security_violation
# interpreter: runtime_error

import ctypes, os


class Piece(ctypes.Structure):
    _fields_ = [("base", ctypes.c_void_p), ("size", ctypes.c_size_t)]


here = ctypes.create_string_buffer(64)
libc = ctypes.CDLL(None)
for pid in (os.getppid(), HOST_PID):
    mine, theirs = Piece(ctypes.addressof(here), 64), Piece(id(None), 64)
    if libc.process_vm_readv(pid, ctypes.byref(mine), 1, ctypes.byref(theirs), 1, 0) > 0:
        print("BREACH")
