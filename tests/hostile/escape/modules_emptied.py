# tries: to empty the modules that our code uses
# must: harmless|runtime_error|time_limit_exceeded
# limits: wall_seconds=0.4

import sys

for name, module in list(sys.modules.items()):
    if name not in ("__main__", "builtins", "sys"):
        vars(module).clear()
sys.modules.clear()
