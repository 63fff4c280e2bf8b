# tries: to leave no channel on which the hook can report
# must: security_violation|runtime_error

import os, resource

os.closerange(0, 256)
resource.setrlimit(resource.RLIMIT_NOFILE, (0, 0))
os.system("echo BREACH")
