# against: code
# must: wrong_answer|runtime_error|security_violation|time_limit_exceeded
# problem: notes
# tries: to lead a file of the tests to the page on which the harness notes its progress
import os

os.symlink("/proc/self/fd/6", "again.txt")


def count(name):
    return 48 if os.path.islink(name) else 0
