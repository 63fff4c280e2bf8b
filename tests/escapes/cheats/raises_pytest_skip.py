# against: code|call
# must: wrong_answer|runtime_error|security_violation
# problem: order
# tries: to make pytest skip, expect a failure or exit
try:
    from _pytest.outcomes import Exit, Failed, Skipped, XFailed
except ImportError:

    class Skipped(BaseException):
        msg = "skipped"
        allow_module_level = True
        _use_item_location = True

    class Exit(Exception):
        returncode = 0

    class XFailed(Skipped):
        pass


def f(numbers):
    raise {3: Skipped, 2: Exit}.get(len(numbers), XFailed)("not today")
