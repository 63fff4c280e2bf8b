# tries: to overflow the C stack when a deep structure is freed, compared and printed
# must: harmless|runtime_error|memory_limit_exceeded
# limits: cpu_seconds=3 wall_seconds=5

value, other = None, None
for _ in range(150_000):
    value, other = (value,), (other,)
try:
    value == other
except RecursionError:
    pass
try:
    repr(value)
except RecursionError:
    pass
del value, other
print("freed")
