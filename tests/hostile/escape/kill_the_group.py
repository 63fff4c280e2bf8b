# tries: to kill the group of its parent
# must: security_violation

import os, signal

os.killpg(os.getpgid(os.getppid()), signal.SIGKILL)
