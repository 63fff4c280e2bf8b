# against: code|call
# must: wrong_answer
# problem: order
# tries: to return a list that seems to have no end
class Endless(list):
    def __iter__(self):
        while True:
            yield 1

    def __len__(self):
        return 2**62


class Sequence:
    def __len__(self):
        return 3

    def __getitem__(self, place):
        return Sequence()

    def __iter__(self):
        while True:
            yield Sequence()


def f(numbers):
    return Sequence() if len(numbers) == 3 else Endless([0])
