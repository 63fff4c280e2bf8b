# tries: to fill the memory by an iterator that lags behind
# must: memory_limit_exceeded

import itertools

first, second = itertools.tee(itertools.repeat("x" * 100).__iter__())
first, second = itertools.tee(bytes(9999) for _ in itertools.count())
for _ in first:
    pass
