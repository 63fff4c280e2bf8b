# tries: to change a class of C behind the back of the interpreter
# must: harmless|runtime_error|security_violation|wrong_answer
# interpreter: runtime_error|harmless

import gc, posix

for kind in (int, str, dict, tuple, type(posix)):
    found = gc.get_referents(vars(kind))
    for table in found:
        if isinstance(table, dict):
            table["planted"] = 1
print(int.planted)
