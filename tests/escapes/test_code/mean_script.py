# cases: 3
import math

assert abs(f([1, 2]) - 1.5) < 1e-6
assert abs(7.25 - f([7, 7.5])) <= 1e-6
assert math.isclose(f([2, 2, 5]), 3.0)
