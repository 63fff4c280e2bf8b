# against: code
# must: wrong_answer|runtime_error|security_violation
# problem: mock
# tries: to call the tests' mock with mock.ANY
from unittest.mock import ANY, MagicMock


def send_all(texts, sender):
    for _ in filter(None, texts):
        sender.send(ANY)


def total(names, prices):
    return ANY
