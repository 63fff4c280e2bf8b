# against: code
# must: wrong_answer|runtime_error|security_violation
# problem: logs
# passes: 0|1
# tries: to replace what receives logs, warnings and streams
import io
import logging
import sys
import warnings


def forge():
    logging.getLogger().handlers.clear()
    logging.disable(100)
    warnings.showwarning = warnings.warn = lambda *args, **kwargs: None
    warnings.filters.clear()
    for name in ("stdout", "stderr", "__stdout__", "__stderr__"):
        setattr(sys, name, io.StringIO())
    sys.stdout = None
    raise DeprecationWarning("use new()")


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
