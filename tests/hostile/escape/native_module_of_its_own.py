# tries: to load native code that it has written
# must: runtime_error
# interpreter: runtime_error

import importlib.machinery, importlib.util

open("own.so", "wb").write(b"\x7fELF\x02\x01\x01" + bytes(200))
loader = importlib.machinery.ExtensionFileLoader("own", "./own.so")
importlib.util.module_from_spec(importlib.util.spec_from_loader("own", loader))
print("BREACH")
