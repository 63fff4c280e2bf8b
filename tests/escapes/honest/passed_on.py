# against: code
# must: accepted
# problem: passed_on
# style: answers that the tests pass back
def make(number):
    return {"n": number}


def describe(value):
    while not isinstance(value, dict):
        value = value[0]
    return str(value["n"])


def check(number):
    if number < 0:
        raise ValueError("negative")


def explain(error):
    return str(error)
