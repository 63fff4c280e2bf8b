# tries: to spend its time in one operation of C, with the interpreter's lock held
# must: time_limit_exceeded|memory_limit_exceeded
# limits: cpu_seconds=0.2

print(len(str(7 ** (7**9))))
