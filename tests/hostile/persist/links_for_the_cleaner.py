# tries: to lead the cleaner of its directory to the host's
# must: harmless
# interpreter: runtime_error
# cases: 4

import os

print("BREACH" if os.listdir() else "")
os.mkdir("d")
for number, path in enumerate((OUTSIDE, "/", "..", "../..", "/proc/self/root", OUTSIDE + "/secret")):
    os.symlink(path, f"link{number}")
    os.symlink(path, f"d/link{number}")
os.symlink("loop", "loop")
