# tries: to leave byte code in the caches of the library
# must: harmless
# cases: 4

import importlib.util, os, sys

sys.dont_write_bytecode = False
sys.pycache_prefix = os.getcwd()
for name in ("json", "csv", "difflib", "fractions"):
    path = importlib.util.cache_from_source(importlib.util.find_spec(name).origin)
    if path.startswith(os.getcwd()) and os.path.exists(path):
        print("BREACH", path)
    try:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        open(path, "wb").write(b"BREACH")
    except OSError:
        pass
import fractions
