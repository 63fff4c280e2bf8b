# tries: to write, to lock and to change files of the interpreter
# must: harmless

import fcntl, os, sys

tries = {
    "write": lambda: open(os.__file__, "a"),
    "create": lambda: open(os.path.join(sys.prefix, MADE), "x"),
    "remove": lambda: os.remove(os.__file__),
    "rename": lambda: os.rename(os.__file__, os.__file__ + MADE),
    "mode": lambda: os.chmod(os.__file__, 0o644),
    "owner": lambda: os.chown(os.__file__, 1, 1),
    "size": lambda: os.truncate(os.__file__, 0),
    "link": lambda: os.link(os.__file__, "mine"),
    "byte code": lambda: open(os.path.join(os.path.dirname(os.__file__), "__pycache__", MADE), "x"),
    "lease": lambda: fcntl.fcntl(os.open(os.__file__, os.O_RDONLY), 1024, 1),
    "attribute": lambda: os.setxattr(os.__file__, "user.x", b"x"),
}
for name, attempt in tries.items():
    try:
        attempt()
        print("BREACH", name)
    except OSError:
        pass
