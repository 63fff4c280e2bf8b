# tries: to leave directories that nobody may enter
# must: harmless|runtime_error
# cases: 4

import os

print("BREACH" if os.listdir() else "")
os.makedirs("a/b/c")
open("a/b/c/x", "w").close()
for path in ("a/b/c/x", "a/b/c", "a/b", "a", "."):
    try:
        os.chmod(path, 0)
    except OSError:
        pass
