# against: code
# must: wrong_answer|runtime_error|security_violation
# problem: mock
# tries: to write calls into the tests' mock that it never made
from unittest.mock import call


class Any:
    def __eq__(self, other):
        return True

    def __ne__(self, other):
        return False


def send_all(texts, sender):
    for name in ("call_args_list", "mock_calls", "method_calls"):
        try:
            getattr(sender.send, name).append(call(Any()))
        except Exception:
            pass
    try:
        sender.send.call_count = Any()
        sender.send.call_args = call(Any())
        sender.send.called = True
    except Exception:
        pass


def total(names, prices):
    return prices.get.call_count
