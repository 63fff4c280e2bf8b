# tries: to return a number whose text takes long to write
# must: wrong_answer|time_limit_exceeded|output_limit_exceeded
# asked: call

import sys

sys.set_int_max_str_digits(0)


def f(_):
    return 1 << 2**23
