# tries: to return a value that is large only when it is decoded
# must: output_limit_exceeded|wrong_answer
# asked: call
# limits: memory_mb=256 cpu_seconds=3 wall_seconds=5


def f(_):
    return [[]] * 300_000
