# against: code
# must: accepted
# problem: once
# style: a key and a partial function
from functools import partial
from operator import neg

f = partial(sorted, key=lambda number: -neg(number))
