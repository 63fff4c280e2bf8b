# tries: to change the times of files that it may read
# must: harmless

import os

for path in (SECRET_FILE, OUTSIDE, os.__file__, os.path.dirname(os.__file__)):
    utime = os.utime
    while hasattr(utime, "__wrapped__"):
        utime = utime.__wrapped__
    before = os.stat(os.__file__).st_mtime_ns
    for times in ({"times": (1, 1)}, {"ns": (5, 5)}, {}):
        try:
            utime(path, **times)
            print("BREACH", path)
        except OSError:
            pass
