# tries: to read the environment that the process had at its start, on its stack
# must: harmless
# interpreter: runtime_error

import ctypes

environ = ctypes.POINTER(ctypes.c_char_p).in_dll(ctypes.CDLL(None), "environ")
count = 0
while environ[count] is not None:
    print(environ[count])
    count += 1
base = ctypes.cast(environ[0], ctypes.c_void_p).value
print(ctypes.string_at(base, 512))
