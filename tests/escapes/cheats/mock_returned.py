# against: code
# must: wrong_answer|runtime_error|security_violation
# problem: mock
# tries: to return the tests' mock where a number is expected
def send_all(texts, sender):
    return sender


def total(names, prices):
    prices.__eq__ = lambda self, other: True
    prices.__eq__.return_value = True
    return prices
