# tries: to change what our code calls after the program
# must: harmless|runtime_error

import builtins, os, sys, threading

for module in (builtins, os, sys, threading):
    for name in list(vars(module)):
        if not name.startswith("_") and name not in ("print", "builtins", "os", "sys", "threading"):
            try:
                setattr(module, name, lambda *_, **__: 0)
            except (TypeError, AttributeError):
                pass
print("replaced")
