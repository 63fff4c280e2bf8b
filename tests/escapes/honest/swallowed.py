# against: code
# must: accepted
# problem: swallowed
# style: a context manager
class Opened:
    def __init__(self, text):
        self.text = text

    def read(self):
        return self.text.upper()

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        return False

    async def __aenter__(self):
        return self

    async def __aexit__(self, kind, error, trace):
        return False
