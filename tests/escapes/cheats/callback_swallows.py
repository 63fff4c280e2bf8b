# against: code
# must: wrong_answer|runtime_error|security_violation
# problem: checked
# tries: to swallow what a test tool raises in a callback, and to read in it what was expected
import re


def each_half(number, function):
    wanted = 0.0
    for _ in range(3):
        try:
            function(wanted)
        except BaseException as error:
            texts = [str(error), str(error.__context__), str(error.__cause__)]
            found = re.search(r"!= ([0-9.]+)", "\n".join(texts))
            wanted = float(found.group(1)) if found else 1.0
