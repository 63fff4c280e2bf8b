# against: code
# must: wrong_answer|runtime_error|security_violation
# problem: many
# tries: to end the tests by an exit that says success
import sys


def f(number):
    sys.exit(0)
