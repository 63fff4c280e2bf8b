# against: code
# must: wrong_answer
# problem: roundtrip
# tries: to return a value so deep that the tests cannot pass it back
def encode(values):
    nested = []
    for _ in range(197):
        nested = [nested]
    return nested


def decode(values):
    return values
