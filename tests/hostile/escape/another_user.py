# tries: to become root, or another user
# must: security_violation
# interpreter: runtime_error

import os

os.setresuid(0, 0, 0)
print("BREACH" if os.getuid() != 0 else "")
os.setgroups([0])
print("BREACH")
