# tries: to leave locks on files that the next guest or the host opens
# must: harmless
# cases: 4
# limits: wall_seconds=5

import fcntl, os, sys, time

held, deadline = [], time.monotonic() + 2
for path in (".", os.__file__, sys.executable, os.path.dirname(os.__file__)):
    while time.monotonic() < deadline:
        try:
            held.append(os.open(path, os.O_RDONLY))
            fcntl.flock(held[-1], fcntl.LOCK_EX | fcntl.LOCK_NB)
            break
        except BlockingIOError:
            time.sleep(0.01)  # another guest may hold it while it runs
        except OSError:
            break
print("BREACH" if time.monotonic() > deadline else "")
