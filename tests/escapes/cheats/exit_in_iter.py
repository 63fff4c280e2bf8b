# against: code|call
# must: wrong_answer|runtime_error|security_violation
# problem: order
# tries: to exit when its answer is iterated
import os


class Bomb(list):
    def __iter__(self):
        os._exit(0)

    __len__ = __getitem__ = __eq__ = __repr__ = __hash__ = __reduce__ = __iter__


class Quiet:
    def __iter__(self):
        os._exit(0)

    __len__ = __getitem__ = __next__ = __bool__ = __iter__


def f(numbers):
    return Bomb() if len(numbers) == 3 else Quiet()
