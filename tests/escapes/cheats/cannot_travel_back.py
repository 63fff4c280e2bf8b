# against: code
# must: wrong_answer
# problem: roundtrip
# tries: an answer so deep that the tests cannot pass it on
def encode(values):
    nested = []
    for _ in range(197):
        nested = [nested]
    return nested


def decode(values):
    return values
