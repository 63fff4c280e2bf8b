# tries: to print one line that never ends
# must: output_limit_exceeded

import sys

while True:
    print("x" * 2**16, end="", file=sys.stderr)
