# tries: to keep state over a crash that gives it another guest
# must: runtime_error|wrong_answer
# asked: call
# cases: 4

import os

kept = []
if os.path.exists("kept") or os.path.exists("/tmp/kept"):
    kept.append("BREACH")


def f(number):
    for path in ("kept", "/tmp/kept"):
        open(path, "w").write(str(number))
    if number == 1:
        os.abort()
    return kept
