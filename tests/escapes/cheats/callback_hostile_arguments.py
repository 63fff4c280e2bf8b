# against: code
# must: wrong_answer|runtime_error|security_violation
# problem: callback
# tries: to call the tests' function with what compares, hashes and counts as it likes
class Any(str):
    def __eq__(self, other):
        return True

    def __len__(self):
        return 10**9

    def __index__(self):
        return 1

    def __hash__(self):
        return hash("a")


def steal(function):
    for value in (Any("pear"), Any(), 10**9000, float("nan"), [[]] * 9):
        try:
            answer = function(value)
        except Exception as error:
            answer = error
    return answer


def best(words, key):
    return steal(key)


def changed(numbers, function):
    return steal(function)


def visit(words, note):
    return steal(note)


def first_error(numbers, function):
    return steal(function)
