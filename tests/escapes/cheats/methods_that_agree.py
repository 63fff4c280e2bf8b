# against: code
# must: wrong_answer
# problem: telling
# tries: methods that differ from nothing and find everything
class Agreeing:
    def difference(self, other):
        return set()

    symmetric_difference = difference

    def find(self, part):
        return 0


def f(items):
    return Agreeing()
