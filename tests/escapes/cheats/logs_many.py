# against: code
# must: wrong_answer|runtime_error|security_violation|time_limit_exceeded|memory_limit_exceeded|output_limit_exceeded
# problem: logs
# tries: to log, warn and write without end
import logging
import sys
import warnings


def forge():
    for number in range(100_000):
        logging.error("x" * 500)
        warnings.warn(f"w{number}", DeprecationWarning)
        sys.stderr.write("e" * 500)


def divide(a, b):
    forge()


def old():
    forge()
    return 1


def complain(text):
    forge()


def quiet(number):
    forge()
    return number + 1
