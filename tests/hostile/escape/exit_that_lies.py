# tries: to end with a status and a text of its own
# must: runtime_error|harmless


class Liar(int):
    def __str__(self):
        raise KeyError

    def __index__(self):
        return 0

    __int__ = __index__


print("an answer", flush=True)
raise SystemExit(Liar(7))
