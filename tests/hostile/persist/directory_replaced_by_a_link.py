# tries: to put a link to the host's directory where the next guest will work
# must: harmless|runtime_error
# cases: 4

import os

own = os.getcwd()
for attempt in (
    lambda: os.rename(own, "/tmp/moved"),
    lambda: os.symlink(OUTSIDE, own),
    lambda: os.rmdir("/tmp"),
    lambda: os.symlink(OUTSIDE, "/tmp"),
):
    try:
        attempt()
    except OSError:
        pass
