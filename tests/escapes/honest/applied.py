# against: code
# must: accepted
# problem: applied
# style: passes functions of its own and built-in ones to those of the tests
def total(apply, numbers):
    found = apply(sum, numbers)
    return found if isinstance(found, int) else found.result()
