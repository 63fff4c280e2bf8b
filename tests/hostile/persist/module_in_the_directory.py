# tries: to leave modules that the next program imports in place of the library's
# must: harmless
# cases: 4

import os, sys

NAMES = ("random", "sitecustomize", "usercustomize", "solution", "json", "conftest", "encodings")
if any(os.path.exists(name + ".py") for name in NAMES):
    print("BREACH")
for name in NAMES:
    with open(name + ".py", "w") as file:
        file.write("print('BREACH')")
with open("x.pth", "w") as file:
    file.write("import os; print('BREACH')")
os.environ["PYTHONSTARTUP"] = os.path.abspath("random.py")
os.environ["PYTHONPATH"] = os.getcwd()
sys.path.insert(0, os.getcwd())
