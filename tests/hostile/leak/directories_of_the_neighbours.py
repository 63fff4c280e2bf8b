# tries: to read and to list the directories of the other workers, and to wait for files in them
# must: harmless

import os, time

own = os.getcwd()
for _ in range(20):
    for folder in WORKERS:
        for path in (folder, os.path.dirname(folder), os.path.dirname(os.path.dirname(folder))):
            if path == own:
                continue
            try:
                print("BREACH", os.listdir(path))
            except OSError:
                pass
    time.sleep(0.005)
