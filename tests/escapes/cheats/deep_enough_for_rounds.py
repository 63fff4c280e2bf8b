# against: code
# must: wrong_answer
# problem: roundtrip
# tries: to return a value that just fits into the questions of the next round
def encode(values):
    nested = []
    for _ in range(192):
        nested = [nested]
    return nested


class Handle:
    def __eq__(self, other):
        return True


def decode(values):
    return Handle()
