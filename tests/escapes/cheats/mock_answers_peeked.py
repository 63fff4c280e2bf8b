# against: code
# must: wrong_answer|runtime_error|security_violation
# problem: mock
# tries: to read what the tests' mock will answer
def send_all(texts, sender):
    for name in ("_mock_children", "_mock_parent", "__dict__", "_mock_wraps", "_spec_class"):
        getattr(sender, name, None)


def total(names, prices):
    found = prices.get.side_effect
    for name in ("gi_frame", "__reduce__", "__length_hint__", "__setstate__"):
        value = getattr(found, name, None)
        if callable(value):
            try:
                value = value()
                return sum(value[1][0])
            except Exception:
                pass
    return None
