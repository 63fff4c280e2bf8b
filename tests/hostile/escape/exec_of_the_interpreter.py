# tries: to start the interpreter again, without the audit hook
# must: security_violation

import os, sys

os.execv(sys.executable, [sys.executable, "-c", "print('BREACH')"])
