# against: code
# must: wrong_answer|runtime_error|security_violation
# problem: mock
# tries: to change the class of the tests' mock
class Agrees:
    def __getattr__(self, name):
        return self

    def __call__(self, *args, **kwargs):
        return self

    def __eq__(self, other):
        return True


def send_all(texts, sender):
    for change in (
        lambda: setattr(sender, "__class__", Agrees), lambda: setattr(sender, "send", Agrees()),
        lambda: setattr(type(sender), "__getattr__", lambda self, name: Agrees()),
        lambda: sender.configure_mock(send=Agrees()), lambda: sender.attach_mock(Agrees(), "send"),
        lambda: sender.__dict__.update(send=Agrees()), lambda: delattr(sender, "send"),
    ):
        try:
            change()
        except Exception:
            pass


def total(names, prices):
    prices.get = Agrees()
    return prices.get()
