# tries: to leave the root directory by changing it
# must: security_violation|runtime_error

import os

os.mkdir("d")
handle = os.open("/", os.O_RDONLY)
os.chroot("d")
os.fchdir(handle)
print("BREACH")
