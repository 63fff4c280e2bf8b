# tries: to count the cases, so that the last can be answered in another way
# must: harmless
# cases: 6

import os, tempfile

folders = (os.getcwd(), tempfile.gettempdir(), "/tmp", "/dev/shm", os.path.expanduser("~"))
paths = [os.path.join(folder, "count") for folder in folders]
print("BREACH" if any(map(os.path.exists, paths)) else "")
for path in paths:
    with open(path, "a") as file:
        file.write("x")
