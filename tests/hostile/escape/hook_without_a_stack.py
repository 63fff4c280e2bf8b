# tries: to leave no room for the hook when it is called
# must: security_violation|runtime_error

import os, sys


def dive():
    try:
        dive()
    except RecursionError:
        os.system("echo BREACH")


dive()
