# tries: to answer by the frames of our code: to change its locals and its globals
# must: wrong_answer|runtime_error
# asked: call

import sys


def f(number):
    frame = sys._getframe(1)
    while frame is not None:
        for name in list(frame.f_globals):
            if callable(frame.f_globals[name]) and not name.startswith("__"):
                try:
                    frame.f_globals[name] = lambda *_, **__: b"[]"
                except TypeError:
                    pass
        frame = frame.f_back
    return number
