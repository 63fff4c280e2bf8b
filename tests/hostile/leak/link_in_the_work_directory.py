# tries: to reach the secret file by links, and by names that the directory gets in a race
# must: harmless
# limits: cpu_seconds=2 wall_seconds=3

import os, threading

stop = []


def flip():
    while not stop:
        try:
            os.symlink(SECRET_FILE, "name")
            os.unlink("name")
            open("name", "w").close()
            os.unlink("name")
        except OSError:
            pass


thread = threading.Thread(target=flip)
thread.start()
for _ in range(300):
    try:
        text = open("name").read()
    except OSError:
        continue
    if text:
        print(text)
stop.append(1)
thread.join()
