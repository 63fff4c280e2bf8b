# against: code
# must: wrong_answer|runtime_error|security_violation
# problem: order
# tries: to raise exceptions whose arguments cannot be sent
class Bad(Exception):
    def __init__(self, *args):
        self.args = (self, [self], lambda: 0, 10**9000, "\ud800" * 10)

    def __str__(self):
        raise SystemExit(0)

    __repr__ = __str__

    def __reduce__(self):
        raise KeyboardInterrupt

    def __getattribute__(self, name):
        if name.startswith("__c"):
            raise GeneratorExit
        return super().__getattribute__(name)


def f(numbers):
    raise Bad()
