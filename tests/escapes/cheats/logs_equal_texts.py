# against: code
# must: wrong_answer|runtime_error|security_violation
# problem: logs
# tries: to log and warn of texts that equal everything
import logging
import warnings


class Any(str):
    def __eq__(self, other):
        return True

    def __contains__(self, other):
        return True

    __hash__ = str.__hash__


class Claims(DeprecationWarning):
    def __str__(self):
        return Any("x")

    def __eq__(self, other):
        return True


def forge():
    for level in (10, 20, 30, 40, 50, Any("ERROR")):
        try:
            logging.getLogger(Any("x")).log(level, Any("%s"), Any())
        except Exception:
            pass
    warnings.warn(Claims(Any("x")))


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
