# tries: to replace methods of built-in types, so that the audit hook calls the program and lets it go on
# must: security_violation|runtime_error

import os, sys


class Thief:
    def __eq__(self, other):
        found.append(other)
        return True


found = []
for kind in (str, int, bytes, type(os.stat("."))):
    vars(kind) == Thief()


def tamper(*_):
    frame = sys._getframe(1)
    for name in ("abort", "kill", "raise_error"):
        if name in frame.f_locals:
            frame.f_locals[name] = lambda *_: None
    return b"x"


for table in found:
    for name in ("encode", "to_bytes", "__len__", "decode", "startswith", "rpartition", "st_mode"):
        if name in table:
            table[name] = tamper
sys._clear_type_cache()
os.system("echo BREACH")
