# tries: to write, to rename and to remove files of the host in a directory that is open to all
# must: harmless

import os, shutil

tries = {
    "write": lambda: open(SECRET_FILE, "w"),
    "create": lambda: open(OUTSIDE + "/made", "w"),
    "folder": lambda: os.mkdir(OUTSIDE + "/made"),
    "remove": lambda: os.remove(SECRET_FILE),
    "tree": lambda: shutil.rmtree(OUTSIDE),
    "rename": lambda: os.rename(SECRET_FILE, "mine"),
    "rename out": lambda: os.rename("own", OUTSIDE + "/made"),
    "mode": lambda: os.chmod(SECRET_FILE, 0),
    "owner": lambda: os.chown(SECRET_FILE, 1, 1),
    "size": lambda: os.truncate(SECRET_FILE, 0),
    "link": lambda: os.link(SECRET_FILE, "mine"),
    "link out": lambda: os.symlink("/", OUTSIDE + "/made"),
    "pipe": lambda: os.mkfifo(OUTSIDE + "/made"),
    "node": lambda: os.mknod(OUTSIDE + "/made"),
}
open("own", "w").close()
for name, attempt in tries.items():
    try:
        attempt()
        print("BREACH", name)
    except (OSError, AttributeError, shutil.Error):
        pass
