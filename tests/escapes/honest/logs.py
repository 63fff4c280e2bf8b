# against: code
# must: accepted
# problem: logs
# style: logs, warns and writes to standard error
import logging
import sys
import warnings

logger = logging.getLogger(__name__)


def divide(a, b):
    if b == 0:
        logger.error("division by %s", "zero")
        return None
    return a / b


def old():
    warnings.warn("use new()", DeprecationWarning)
    return 1


def complain(text):
    print(text, file=sys.stderr)


def quiet(number):
    logger.debug("quiet")
    return number + 1
