# tries: to change its zygote by what both share: objects of before the fork, and descriptors
# must: harmless|security_violation
# cases: 4

import os, sys

frame = sys._getframe()
while frame.f_back:
    frame = frame.f_back
if "planted" in frame.f_globals:
    print("BREACH")
for module in list(sys.modules.values()):
    try:
        vars(module)["planted"] = 1
    except TypeError:
        pass
frame.f_globals["planted"] = 1
for fd in (0, 1, 2, 3, 4):
    try:
        os.set_inheritable(fd, True)
        os.lseek(fd, 10, os.SEEK_SET)
        os.set_blocking(fd, False)
    except OSError:
        pass
