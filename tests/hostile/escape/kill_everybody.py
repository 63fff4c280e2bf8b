# tries: to kill all processes that it may kill
# must: security_violation

import os, signal

os.kill(-1, signal.SIGKILL)
