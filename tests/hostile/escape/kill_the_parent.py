# tries: to kill its zygote
# must: security_violation

import os, signal

os.kill(os.getppid(), signal.SIGKILL)
