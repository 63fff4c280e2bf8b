# tries: to replace byte code beside the library
# must: harmless
# cases: 2

import importlib.util

for name in ("json", "csv", "difflib", "fractions"):
    path = importlib.util.cache_from_source(importlib.util.find_spec(name).origin)
    for mode in ("wb", "ab", "r+b", "xb"):
        try:
            open(path, mode)
            print("BREACH", path)
        except OSError:
            pass
