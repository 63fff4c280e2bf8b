# against: code
# must: wrong_answer|runtime_error|security_violation
# problem: mock
# tries: to replace the asserting methods of the tests' mock
def send_all(texts, sender):
    for owner in (sender, sender.send):
        for name in ("assert_called_once_with", "assert_called_with", "call_args_list", "call_count", "call_args"):
            try:
                setattr(owner, name, lambda *args, **kwargs: None)
            except Exception:
                pass


def total(names, prices):
    prices.get.side_effect = None
    prices.get.return_value = 7
    return prices.get()
