# against: code
# must: wrong_answer|runtime_error|security_violation|time_limit_exceeded
# problem: clock
# tries: to set the machine's clock
import time


def quick(number):
    for clock in (time.CLOCK_REALTIME, time.CLOCK_MONOTONIC):
        try:
            time.clock_settime(clock, 0.0)
        except OSError:
            pass
    time.sleep(0.6)
    return number


class Cache:
    def __init__(self, seconds):
        self.items = {}

    def put(self, key, value):
        self.items[key] = value

    def get(self, key):
        return self.items.get(key)
