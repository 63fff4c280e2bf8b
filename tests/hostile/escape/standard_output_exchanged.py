# tries: to exchange its channel, its output and its input
# must: harmless|runtime_error|output_limit_exceeded

import os

os.dup2(3, 9)
os.dup2(1, 3)
os.dup2(9, 1)
os.dup2(9, 0)
print('["value", 1]', flush=True)
