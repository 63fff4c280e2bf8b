# tries: to leave files where the next guest finds them, under names of all kinds
# must: harmless
# cases: 4

import os

for folder in (".", "/tmp", "/var/tmp", "/dev/shm"):
    if [name for name in os.listdir(folder)]:
        print("BREACH", os.listdir(folder))
for folder in (".", "/tmp", "/var/tmp", "/dev/shm"):
    for name in (".hidden", MADE, "a\nb", " ", "-rf", "*", b"\xff\xfe".decode("utf-8", "surrogateescape"), "x" * 255, "..."):
        open(os.path.join(folder, name), "w").close()
