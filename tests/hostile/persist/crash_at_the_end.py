# tries: to crash after its answer, within the end of the interpreter
# must: runtime_error
# cases: 2

import atexit, os, signal

print("an answer", flush=True)
atexit.register(signal.raise_signal, signal.SIGSEGV)
