# against: code
# must: wrong_answer|runtime_error|security_violation
# problem: mock
# tries: to set plain data on the tests' mock, in place of what counts its calls
def send_all(texts, sender):
    for owner in (sender, sender.send):
        for name, value in {
            "call_args_list": [("a",), ("b",)], "call_count": 1, "call_args": None, "called": True,
            "method_calls": [], "mock_calls": [], "return_value": 1, "send": {"call_count": 1},
            "assert_called_once_with": 1, "side_effect": None, "_mock_call_count": 1,
        }.items():
            try:
                setattr(owner, name, value)
            except Exception:
                pass


def total(names, prices):
    prices.get = 7
    prices.side_effect = [7]
    return prices.get() if callable(prices.get) else prices
