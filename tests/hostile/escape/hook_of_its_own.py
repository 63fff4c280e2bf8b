# tries: to stop our audit hook by one of its own, which raises while ours ends the guest
# must: security_violation|runtime_error|wrong_answer

import os, sys


class Quiet(BaseException):
    pass


def hook(event, arguments):
    if event.startswith("os."):
        raise Quiet


sys.addaudithook(hook)
try:
    os.system("echo BREACH")
except Quiet:
    pass
try:
    os.posix_spawn("/bin/echo", ["echo", "BREACH"], {})
    os.wait()
except Quiet:
    pass
