# tries: to exchange a directory for a link while it is emptied
# must: time_limit_exceeded|harmless
# interpreter: time_limit_exceeded|harmless|runtime_error
# cases: 3
# limits: cpu_seconds=0.2 wall_seconds=0.4

import os, threading

print("BREACH" if os.listdir() else "")
os.makedirs("d/e")
os.symlink(OUTSIDE, "link")


def flip():
    while True:
        try:
            os.rename("d", "x")
            os.rename("link", "d")
            os.rename("d", "link")
            os.rename("x", "d")
        except OSError:
            pass


for _ in range(2):
    threading.Thread(target=flip, daemon=True).start()
print("raced")
