# against: code
# must: wrong_answer|runtime_error|security_violation
# problem: swallowed
# tries: to swallow the tests' own exceptions, and to read in them what was expected
class Opened:
    found = "abc"

    def __init__(self, text):
        pass

    def read(self):
        return Opened.found

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        Opened.found = str(error)[-5:-1]
        return True

    async def __aenter__(self):
        return self

    async def __aexit__(self, *error):
        return True
