# tries: to stop our process
# must: security_violation

import os, signal

os.kill(HOST_PID, signal.SIGSTOP)
