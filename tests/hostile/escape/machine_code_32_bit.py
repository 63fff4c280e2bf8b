# tries: to call the kernel as a program of 32 bits, where the numbers mean other calls
# must: security_violation|runtime_error
# machine: x86_64

import ctypes, mmap

# mov eax, 2 (fork); int 0x80; ret
code = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
code.write(b"\xb8\x02\x00\x00\x00\xcd\x80\xc3")
address = ctypes.addressof(ctypes.c_char.from_buffer(code))
if ctypes.CFUNCTYPE(ctypes.c_int)(address)() >= 0:
    print("BREACH")
