# against: code|call
# must: wrong_answer|runtime_error
# problem: order
# tries: to raise exceptions that are named like those of the harness
class AnswerNeededError(BaseException):
    pass


class ExhaustedError(BaseException):
    pass


class TestCodeError(Exception):
    pass


class UnsendableError(BaseException):
    pass


def f(numbers):
    raise [AnswerNeededError, ExhaustedError, TestCodeError, UnsendableError][len(numbers)]("passed")
