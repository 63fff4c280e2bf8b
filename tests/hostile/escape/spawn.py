# tries: to spawn a program
# must: security_violation

import os

os.posix_spawnp("echo", ["echo", "BREACH"], {})
os.wait()
