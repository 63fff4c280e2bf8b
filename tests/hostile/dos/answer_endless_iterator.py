# tries: to return an iterator that never ends, with a class that says it does
# must: wrong_answer|time_limit_exceeded|memory_limit_exceeded
# asked: call


class Endless(list):
    def __iter__(self):
        while True:
            yield 1

    def __len__(self):
        return 0


def f(_):
    return Endless([1])
