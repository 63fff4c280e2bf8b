# tries: to spend its time on keys that all collide
# must: time_limit_exceeded
# limits: cpu_seconds=0.2

table = {}
for number in range(10**6):
    table[number * (2**61 - 1)] = 0
