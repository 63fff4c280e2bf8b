# against: code
# must: wrong_answer
# problem: leaking
# tries: to return an object whose methods differ from nothing and find everything
class Agreeing:
    def difference(self, other):
        return set()

    symmetric_difference = difference

    def find(self, part):
        return 0


def f(items):
    return Agreeing()
