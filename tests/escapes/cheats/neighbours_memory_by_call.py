# against: code
# must: wrong_answer|runtime_error|security_violation
# problem: order_script
# tries: to read the memory of the harness by system calls
import os


def neighbours():
    own = os.getpid()
    near = [number for number in range(max(2, own - 40), own + 40) if number != own]
    return [os.getppid(), *near]


def f(numbers):
    import ctypes

    libc = ctypes.CDLL(None, use_errno=True)
    buffer = ctypes.create_string_buffer(4096)

    class Vector(ctypes.Structure):
        _fields_ = [("base", ctypes.c_void_p), ("length", ctypes.c_size_t)]

    own, other = Vector(ctypes.addressof(buffer), 4096), Vector(id(neighbours), 4096)
    for pid in neighbours():
        if libc.process_vm_readv(pid, ctypes.byref(own), 1, ctypes.byref(other), 1, 0) > 0:
            return [1, 2, 3]
        if libc.ptrace(0x4206, pid, None, None) == 0:
            return [1, 2, 3]
        handle = libc.syscall(434, pid, 0)
        if handle >= 0 and libc.syscall(438, handle, 5, 0) >= 0:
            return [1, 2, 3]
    return []
