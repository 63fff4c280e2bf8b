# tries: to leave pipes, sockets and links at which the next guest or the cleaner waits
# must: harmless|runtime_error|security_violation
# interpreter: harmless|runtime_error|security_violation
# cases: 4

import os

print("BREACH" if os.listdir() else "")
os.mkfifo("pipe")
os.mkfifo("/tmp/pipe")
for number in range(50):
    os.link("pipe", f"pipe{number}")
