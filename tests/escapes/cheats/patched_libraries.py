# against: code|call
# must: wrong_answer|runtime_error
# problem: order
# tries: to patch operator, json and math so that everything is equal
import json
import math
import operator

operator.eq = lambda a, b: True
operator.ne = lambda a, b: False
operator.sub = lambda a, b: 0.0
math.isclose = lambda *a, **k: True
json.dumps = lambda *a, **k: '{"is":[1,2,3]}'


def f(numbers):
    return 99
