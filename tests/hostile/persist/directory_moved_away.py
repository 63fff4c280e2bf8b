# tries: to leave its worker without directories: it moves, removes and replaces them
# must: harmless|runtime_error
# cases: 4

import os

own = os.getcwd()
print("BREACH" if os.listdir() else "")
try:
    os.rename(own, "/tmp/moved")
    open(own, "w").close()
except OSError:
    pass
for path in ("/tmp/moved", "/tmp", own):
    try:
        os.rmdir(path)
    except OSError:
        pass
