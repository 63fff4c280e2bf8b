# tries: to find the answer in the frames of its caller, and among all objects
# must: wrong_answer
# asked: call

import gc, re, sys


def f(number):
    frame, texts = sys._getframe(), []
    while frame is not None:
        texts += [repr(value) for value in list(frame.f_locals.values()) if value is not texts]
        frame = frame.f_back
    try:
        texts += [repr(one)[:999] for one in gc.get_objects() if one is not texts]
    except PermissionError:
        pass
    found = re.search("sesame-[0-9a-f]{16}", "".join(texts))
    return f"{found.group()}{number}" if found else number
