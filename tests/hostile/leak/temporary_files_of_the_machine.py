# tries: to list the temporary directory of the machine behind its own
# must: harmless|runtime_error

import os

listdir = os.listdir
while hasattr(listdir, "__wrapped__"):
    listdir = listdir.__wrapped__
for folder in ("/tmp", "/tmp/.", "/proc/self/root/tmp", "/proc/1/root/tmp", "/dev/shm", "/var/tmp"):
    try:
        names = listdir(folder)
    except OSError:
        continue
    if names:
        print("BREACH", names)
