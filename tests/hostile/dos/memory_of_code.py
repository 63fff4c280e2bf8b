# tries: to fill the memory in the compiler
# must: memory_limit_exceeded|runtime_error|time_limit_exceeded
# limits: cpu_seconds=1

compile("+".join(["(a" + ",a" * 40 + ")"] * 60_000), "x", "exec")
