# against: code
# must: wrong_answer|runtime_error|security_violation
# problem: logs
# tries: to hand in log records of its own making
import logging


class Record(logging.LogRecord):
    levelname = "ERROR"

    def getMessage(self):
        class Any(str):
            def __eq__(self, other):
                return True

        return Any("x")

    def __eq__(self, other):
        return True


def forge():
    logging.setLogRecordFactory(Record)
    for handler in [*logging.getLogger().handlers, logging.lastResort]:
        if handler:
            handler.emit(Record("a", 40, "p", 1, "x", (), None))
    logging.getLogger().error("x")


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
