# against: code
# must: accepted
# problem: clock
# style: a cache whose items expire
import time


def quick(number):
    return number


class Cache:
    def __init__(self, seconds):
        self.seconds, self.items = seconds, {}

    def put(self, key, value):
        self.items[key] = (value, time.monotonic() + self.seconds)

    def get(self, key):
        value, until = self.items.get(key, (None, 0))
        return value if time.monotonic() < until else None
