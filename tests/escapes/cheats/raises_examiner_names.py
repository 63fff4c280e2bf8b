# against: code|call
# must: wrong_answer|runtime_error
# problem: order
# tries: exceptions named like the examiner's own
class SuspendedError(BaseException):
    pass


class ExhaustedError(BaseException):
    pass


class PaperError(Exception):
    pass


class UnsendableError(BaseException):
    pass


def f(numbers):
    raise [SuspendedError, ExhaustedError, PaperError, UnsendableError][len(numbers)]("passed")
