# tries: to be told of files that others make
# must: harmless
# interpreter: runtime_error
# machine: x86_64

import ctypes

libc = ctypes.CDLL(None)
watcher = libc.inotify_init1(0)
if watcher >= 0 and libc.inotify_add_watch(watcher, b"/tmp", 0xFFF) >= 0:
    print("BREACH")
fanotify = libc.syscall(300, 0, 0)
if fanotify >= 0:
    print("BREACH")
