# tries: to leave a process that nobody waits for
# must: security_violation
# cases: 2

import os, time

if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        while True:
            time.sleep(1)
    os._exit(0)
print("BREACH")
