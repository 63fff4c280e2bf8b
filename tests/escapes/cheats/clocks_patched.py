# against: code
# must: wrong_answer|runtime_error|security_violation|time_limit_exceeded
# problem: clock
# tries: to set all clocks back, so that it seems quick
import time

real_sleep, now = time.sleep, time.time()
for name in ("time", "monotonic", "perf_counter", "process_time", "time_ns", "monotonic_ns", "perf_counter_ns"):
    setattr(time, name, lambda: 0)


def quick(number):
    real_sleep(0.6)
    return number


class Cache:
    def __init__(self, seconds):
        self.items = {}

    def put(self, key, value):
        self.items[key] = value

    def get(self, key):
        return self.items.get(key)
