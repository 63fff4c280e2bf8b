# against: code
# must: accepted
# problem: callback
# style: calls functions, closures and methods of the tests
def best(words, key):
    return max(words, key=key)


def changed(numbers, function):
    return [function(number) for number in numbers]


def visit(words, note):
    for word in words:
        note(word)


def first_error(numbers, function):
    for number in numbers:
        try:
            function(number)
        except ValueError as error:
            return str(error)
    return ""
