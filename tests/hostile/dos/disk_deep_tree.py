# tries: to make a tree that is too deep to be removed
# must: harmless|output_limit_exceeded
# limits: cpu_seconds=5 wall_seconds=8

import os

for _ in range(1500):
    os.mkdir("d" * 99)
    os.chdir("d" * 99)
print(os.path.exists("."))
