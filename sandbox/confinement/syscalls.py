"""The system calls that a guest may make: five tables of calls and their numbers.

`sandbox/confinement/seccomp.py` makes a filter of them. A call that is in no table is refused with
EPERM, and the guest goes on: honest libraries try such calls and work without them. Of these, note:

- `memfd_create`, System V IPC, message queues: their memory does not count as the guest's, and
  some of it outlives the guest;
- `chmod`, `chown`: Landlock does not cover them, so a guest could reach files outside its
  directories that belong to its user; likewise `truncate` before Linux 6.2 (`ftruncate` needs a
  file that is open for writing, which Landlock checks). `sandbox/guest/own_files.py` does these
  for a guest's own files;
- `setsid`, `setpgid`: the keeper finds a guest's processes by their session;
- `splice`, `io_setup`, `inotify_init`, `mlock`, `pidfd_open`, `seccomp`, `landlock_*`: parts
  of the kernel that a program which only computes does not need;
- `sync`: it makes all other processes wait.
"""

Numbers = tuple[int | None, int | None]
"""A call's number on x86_64 and on aarch64; None if there is no such call."""

# One call a line would hide which calls belong together.
# fmt: off
ALLOWED: dict[str, Numbers] = {
    # Read and write open files.
    "read": (0, 63), "write": (1, 64), "readv": (19, 65), "writev": (20, 66), "pread64": (17, 67),
    "pwrite64": (18, 68), "preadv": (295, 69), "pwritev": (296, 70), "preadv2": (327, 286),
    "pwritev2": (328, 287), "lseek": (8, 62), "sendfile": (40, 71), "copy_file_range": (326, 285),
    "fadvise64": (221, 223), "readahead": (187, 213), "fsync": (74, 82), "fdatasync": (75, 83),
    "ftruncate": (77, 46), "fallocate": (285, 47), "flock": (73, 32), "close": (3, 57),
    "close_range": (436, 436), "dup": (32, 23), "dup2": (33, None), "dup3": (292, 24),
    "pipe": (22, None), "pipe2": (293, 59),
    # Files and directories by name: file modes and Landlock decide which. (Landlock does not
    # protect the times of a file of the guest's user; `Path.touch` and `shutil.copy2` need them.)
    "open": (2, None), "openat": (257, 56), "openat2": (437, 437), "creat": (85, None),
    "stat": (4, None), "lstat": (6, None), "fstat": (5, 80), "newfstatat": (262, 79),
    "statx": (332, 291), "statfs": (137, 43), "fstatfs": (138, 44), "access": (21, None),
    "faccessat": (269, 48), "faccessat2": (439, 439), "getdents": (78, None),
    "getdents64": (217, 61), "getcwd": (79, 17), "chdir": (80, 49), "fchdir": (81, 50),
    "mkdir": (83, None), "mkdirat": (258, 34), "rmdir": (84, None), "unlink": (87, None),
    "unlinkat": (263, 35), "rename": (82, None), "renameat": (264, 38), "renameat2": (316, 276),
    "link": (86, None), "linkat": (265, 37), "symlink": (88, None), "symlinkat": (266, 36),
    "readlink": (89, None), "readlinkat": (267, 78), "utime": (132, None), "utimes": (235, None),
    "futimesat": (261, None), "utimensat": (280, 88), "umask": (95, 166),
    # Memory.
    "mmap": (9, 222), "munmap": (11, 215), "mremap": (25, 216), "mprotect": (10, 226),
    "madvise": (28, 233), "mincore": (27, 232), "msync": (26, 227), "brk": (12, 214),
    # Threads. `clone`, which starts them, is guarded.
    "futex": (202, 98), "set_tid_address": (218, 96), "set_robust_list": (273, 99),
    "get_robust_list": (274, 100), "rseq": (334, 293), "membarrier": (324, 283),
    "sched_yield": (24, 124), "sched_getaffinity": (204, 123), "sched_getparam": (143, 121),
    "sched_getscheduler": (145, 120), "sched_getattr": (315, 275),
    "sched_get_priority_max": (146, 125), "sched_get_priority_min": (147, 126),
    "sched_rr_get_interval": (148, 127), "getpriority": (140, 141), "getcpu": (309, 168),
    "arch_prctl": (158, None),
    # Wait for open files.
    "poll": (7, None), "ppoll": (271, 73), "select": (23, None), "pselect6": (270, 72),
    "epoll_create": (213, None), "epoll_create1": (291, 20), "epoll_ctl": (233, 21),
    "epoll_wait": (232, None), "epoll_pwait": (281, 22), "epoll_pwait2": (441, 441),
    "eventfd": (284, None), "eventfd2": (290, 19), "timerfd_create": (283, 85),
    "timerfd_settime": (286, 86), "timerfd_gettime": (287, 87),
    # Use a socket pair, as asyncio does to wake itself. `socketpair` is guarded, and no other call
    # returns a usable socket.
    "sendto": (44, 206), "recvfrom": (45, 207), "sendmsg": (46, 211), "recvmsg": (47, 212),
    "shutdown": (48, 210), "getsockopt": (55, 209), "getsockname": (51, 204),
    "getpeername": (52, 205),
    # Clocks and timers. A timer's signal can only reach the process that made it.
    "time": (201, None), "gettimeofday": (96, 169), "clock_gettime": (228, 113),
    "clock_getres": (229, 114), "nanosleep": (35, 101), "clock_nanosleep": (230, 115),
    "alarm": (37, None), "getitimer": (36, 102), "setitimer": (38, 103),
    "timer_create": (222, 107), "timer_settime": (223, 110), "timer_gettime": (224, 108),
    "timer_getoverrun": (225, 109), "timer_delete": (226, 111),
    # Signals that the guest sends to itself. The calls that send them are guarded.
    "rt_sigaction": (13, 134), "rt_sigprocmask": (14, 135), "rt_sigreturn": (15, 139),
    "rt_sigpending": (127, 136), "rt_sigtimedwait": (128, 137), "rt_sigsuspend": (130, 133),
    "sigaltstack": (131, 132), "pause": (34, None), "restart_syscall": (219, 128),
    # The identity of the process. `setrlimit` is for the caller only, and hard limits hold.
    "getpid": (39, 172), "gettid": (186, 178), "getppid": (110, 173), "getpgrp": (111, None),
    "getpgid": (121, 155), "getsid": (124, 156), "getuid": (102, 174), "geteuid": (107, 175),
    "getgid": (104, 176), "getegid": (108, 177), "getresuid": (118, 148), "getresgid": (120, 150),
    "getgroups": (115, 158), "getrlimit": (97, 163), "setrlimit": (160, 164),
    "getrusage": (98, 165), "times": (100, 153), "uname": (63, 160), "sysinfo": (99, 179),
    "getrandom": (318, 278),
    # The end. There is no child to wait for, but a program may try.
    "exit": (60, 93), "exit_group": (231, 94), "wait4": (61, 260), "waitid": (247, 95),
}

# Attacks, or close to it: the guest is killed by SIGSYS, and the keeper reports it.
KILLED: dict[str, Numbers] = {
    # The network, including the Lambda runtime's loopback address (see also `socket`).
    "connect": (42, 203), "bind": (49, 200), "listen": (50, 201),
    "accept": (43, 202), "accept4": (288, 242),
    # New programs and processes (see also `clone`).
    "fork": (57, None), "vfork": (58, None), "execve": (59, 221), "execveat": (322, 281),
    # Other processes. `tkill` takes a thread, and a filter cannot know whose it is; glibc raises
    # signals with `tgkill`, which is guarded.
    "ptrace": (101, 117), "process_vm_readv": (310, 270), "process_vm_writev": (311, 271),
    "process_madvise": (440, 440), "pidfd_getfd": (438, 438), "pidfd_send_signal": (424, 424),
    "rt_sigqueueinfo": (129, 138), "tkill": (200, 130),
    # Namespaces and mounts.
    "unshare": (272, 97), "setns": (308, 268), "chroot": (161, 51), "pivot_root": (155, 41),
    "mount": (165, 40), "umount2": (166, 39), "fsopen": (430, 430), "fsconfig": (431, 431),
    "fsmount": (432, 432), "fspick": (433, 433), "move_mount": (429, 429),
    "mount_setattr": (442, 442), "open_tree": (428, 428),
    # Most vulnerabilities of the kernel were in these.
    "io_uring_setup": (425, 425), "io_uring_enter": (426, 426), "io_uring_register": (427, 427),
    "bpf": (321, 280), "perf_event_open": (298, 241), "userfaultfd": (323, 282),
    "keyctl": (250, 219), "add_key": (248, 217), "request_key": (249, 218),
    # The machine.
    "kexec_load": (246, 104), "kexec_file_load": (320, 294), "init_module": (175, 105),
    "finit_module": (313, 273), "delete_module": (176, 106), "reboot": (169, 142),
    "swapon": (167, 224), "swapoff": (168, 225), "quotactl": (179, 60), "quotactl_fd": (443, 443),
    "acct": (163, 89), "ioperm": (173, None), "iopl": (172, None), "modify_ldt": (154, None),
    "personality": (135, 92),
    # Another user.
    "setuid": (105, 146), "setgid": (106, 144), "setreuid": (113, 145), "setregid": (114, 143),
    "setresuid": (117, 147), "setresgid": (119, 149), "setfsuid": (122, 151),
    "setfsgid": (123, 152), "setgroups": (116, 159), "capset": (126, 91),
}

# ENOSYS, as on a kernel that is too old for them. The flags of `clone3` are in memory, where a
# filter cannot read them. Without `clone3`, glibc starts its threads with `clone`.
ABSENT: dict[str, Numbers] = {
    "clone3": (435, 435),
}

# ENOTSUP, as on a file system without extended attributes: `shutil.copy2` copies them where it can,
# and fails at any other error. Landlock does not cover them either.
UNSUPPORTED: dict[str, Numbers] = {
    "setxattr": (188, 5), "lsetxattr": (189, 6), "fsetxattr": (190, 7), "getxattr": (191, 8),
    "lgetxattr": (192, 9), "fgetxattr": (193, 10), "listxattr": (194, 11), "llistxattr": (195, 12),
    "flistxattr": (196, 13), "removexattr": (197, 14), "lremovexattr": (198, 15),
    "fremovexattr": (199, 16),
}

# Allowed with certain arguments only.
GUARDED: dict[str, Numbers] = {
    "clone": (56, 220), "kill": (62, 129), "tgkill": (234, 131), "rt_tgsigqueueinfo": (297, 240),
    "prlimit64": (302, 261), "setpriority": (141, 140), "sched_setaffinity": (203, 122),
    "sched_setattr": (314, 274), "sched_setparam": (142, 118), "sched_setscheduler": (144, 119),
    "socket": (41, 198), "socketpair": (53, 199), "setsockopt": (54, 208),
    "prctl": (157, 167), "fcntl": (72, 25), "ioctl": (16, 29),
}
# fmt: on
