# against: code
# must: accepted
# problem: point
# style: a dataclass
# self_compared: 2
from dataclasses import dataclass


@dataclass
class Point:
    x: int
    y: int = 0
