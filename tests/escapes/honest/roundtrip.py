# against: code
# must: accepted
# problem: roundtrip
# style: lists in lists
def encode(values):
    return values


def decode(values):
    return values
