# tries: to move its directories away, and to leave others in their place
# must: harmless
# cases: 4

import os

own = os.getcwd()
print("BREACH" if os.listdir() else "")
for attempt in (
    lambda: os.rename(own, own + MADE),
    lambda: os.rename("/tmp", "/tmp" + MADE),
    lambda: os.symlink(OUTSIDE, own + MADE),
    lambda: os.mkdir(own + MADE),
    lambda: os.mkdir("../" + MADE),
):
    try:
        attempt()
        print("moved")
    except OSError:
        pass
