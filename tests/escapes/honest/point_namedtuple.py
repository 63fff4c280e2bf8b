# against: code
# must: accepted
# problem: point
# style: a named tuple
from typing import NamedTuple


class Point(NamedTuple):
    x: int
    y: int
