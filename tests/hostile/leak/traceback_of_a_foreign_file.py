# tries: to let the interpreter print a line of the secret file in a traceback
# must: runtime_error

import linecache, sys, traceback, warnings

linecache.checkcache()
print(linecache.getline(SECRET_FILE, 1))
warnings.warn_explicit("x", UserWarning, SECRET_FILE, 1)
try:
    raise SyntaxError("x", (SECRET_FILE, 1, 1, None))
except SyntaxError:
    traceback.print_exc()
code = compile("1 / 0", SECRET_FILE, "exec")
exec(code)
