# against: code
# must: wrong_answer|runtime_error|security_violation
# problem: mock
# tries: to call the tests' mock with an argument that equals everything
class Any(str):
    def __eq__(self, other):
        return True

    def __ne__(self, other):
        return False

    __hash__ = str.__hash__


def send_all(texts, sender):
    for _ in filter(None, texts):
        sender.send(Any())


def total(names, prices):
    return Any()
