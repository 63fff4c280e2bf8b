"""What happens to each system call of a guest: tables of groups, and for each group the reason.

`sandbox/confinement/seccomp.py` makes a filter of them. The tables name every call of Linux 6.1 on
x86_64 and aarch64. A call that is in no table is newer than they are: it gets ENOSYS, as on a
kernel that is too old for it, and glibc and others then use an older one.
"""

Numbers = tuple[int | None, int | None]
"""A call's number on x86_64 and on aarch64; None if there is no such call."""

Groups = dict[str, dict[str, Numbers]]
"""Calls by name, in groups. The key of a group is the reason why its calls are in the table."""

# One call a line would hide which calls belong together.
# fmt: off
ALLOWED: Groups = {
    "Programs read and write open files. RLIMIT_FSIZE bounds all calls that make one longer.": {
        "read": (0, 63), "write": (1, 64), "readv": (19, 65), "writev": (20, 66),
        "pread64": (17, 67), "pwrite64": (18, 68), "preadv": (295, 69), "pwritev": (296, 70),
        "preadv2": (327, 286), "pwritev2": (328, 287), "lseek": (8, 62), "sendfile": (40, 71),
        "copy_file_range": (326, 285), "fadvise64": (221, 223), "fsync": (74, 82),
        "fdatasync": (75, 83), "ftruncate": (77, 46), "flock": (73, 32), "close": (3, 57),
        "close_range": (436, 436), "dup": (32, 23), "dup2": (33, None), "dup3": (292, 24),
    },
    "Programs send bytes to themselves. A pipe holds 64 KiB, which no allowed call can change.": {
        "pipe": (22, None), "pipe2": (293, 59),
    },
    "Programs use files by name. File modes and Landlock decide which, except for `stat` and "
    "others that only ask: they reach whatever the guest's user may search.": {
        "open": (2, None), "openat": (257, 56), "creat": (85, None), "stat": (4, None),
        "lstat": (6, None), "fstat": (5, 80), "newfstatat": (262, 79), "statx": (332, 291),
        "statfs": (137, 43), "fstatfs": (138, 44), "access": (21, None), "faccessat": (269, 48),
        "faccessat2": (439, 439), "getdents": (78, None), "getdents64": (217, 61),
        "getcwd": (79, 17), "chdir": (80, 49), "fchdir": (81, 50), "mkdir": (83, None),
        "mkdirat": (258, 34), "rmdir": (84, None), "unlink": (87, None), "unlinkat": (263, 35),
        "rename": (82, None), "renameat": (264, 38), "renameat2": (316, 276), "link": (86, None),
        "linkat": (265, 37), "symlink": (88, None), "symlinkat": (266, 36), "readlink": (89, None),
        "readlinkat": (267, 78), "umask": (95, 166),
    },
    "Programs need memory. RLIMIT_AS bounds what they map, and the keeper what they use.": {
        "munmap": (11, 215), "mremap": (25, 216), "mprotect": (10, 226), "madvise": (28, 233),
        "msync": (26, 227), "brk": (12, 214),
    },
    "Threads wait for each other. The C library musl loads libraries with `membarrier`, and number "
    "libraries ask how many processors there are.": {
        "futex": (202, 98), "set_robust_list": (273, 99), "rseq": (334, 293),
        "membarrier": (324, 283),
        "sched_yield": (24, 124), "sched_getaffinity": (204, 123), "getcpu": (309, 168),
    },
    "Event loops wait for open files. Each of these holds some hundred bytes a descriptor.": {
        "poll": (7, None), "ppoll": (271, 73), "select": (23, None), "pselect6": (270, 72),
        "epoll_create": (213, None), "epoll_create1": (291, 20), "epoll_ctl": (233, 21),
        "epoll_wait": (232, None), "epoll_pwait": (281, 22), "epoll_pwait2": (441, 441),
        "eventfd": (284, None), "eventfd2": (290, 19), "timerfd_create": (283, 85),
        "timerfd_settime": (286, 86), "timerfd_gettime": (287, 87),
    },
    "asyncio wakes itself by a socket pair, and a keeper sends a guest the files of its next run. "
    "`socketpair` is guarded, and no other call returns a usable socket.": {
        "sendto": (44, 206), "recvfrom": (45, 207), "recvmsg": (47, 212), "shutdown": (48, 210),
        "getsockopt": (55, 209), "getsockname": (51, 204), "getpeername": (52, 205),
    },
    "Programs measure time, sleep, and set the alarms that send SIGALRM, SIGVTALRM or SIGPROF.": {
        "time": (201, None), "gettimeofday": (96, 169), "clock_gettime": (228, 113),
        "clock_getres": (229, 114), "nanosleep": (35, 101), "clock_nanosleep": (230, 115),
        "alarm": (37, None), "getitimer": (36, 102), "setitimer": (38, 103),
    },
    "Programs handle signals. The calls that send them are guarded.": {
        "rt_sigaction": (13, 134), "rt_sigprocmask": (14, 135), "rt_sigreturn": (15, 139),
        "rt_sigpending": (127, 136), "rt_sigtimedwait": (128, 137), "rt_sigsuspend": (130, 133),
        "sigaltstack": (131, 132), "pause": (34, None), "restart_syscall": (219, 128),
    },
    "Programs ask who and where they are, what they use, and for random bytes.": {
        "getpid": (39, 172), "gettid": (186, 178), "getppid": (110, 173), "getpgrp": (111, None),
        "getpgid": (121, 155), "getsid": (124, 156), "getuid": (102, 174), "geteuid": (107, 175),
        "getgid": (104, 176), "getegid": (108, 177), "getresuid": (118, 148),
        "getresgid": (120, 150), "getgroups": (115, 158), "getrlimit": (97, 163),
        "getrusage": (98, 165), "times": (100, 153), "uname": (63, 160), "sysinfo": (99, 179),
        "getrandom": (318, 278),
    },
    "Programs end. There is no child to wait for, but `os.wait` may look for one.": {
        "exit": (60, 93), "exit_group": (231, 94), "wait4": (61, 260), "waitid": (247, 95),
    },
}

# The guest is killed by SIGSYS, and the keeper reports it as forbidden.
KILLED: Groups = {
    "The network, including the Lambda runtime's loopback address (see also `socket`).": {
        "connect": (42, 203), "bind": (49, 200), "listen": (50, 201), "accept": (43, 202),
        "accept4": (288, 242),
    },
    "New programs and processes (see also `clone`).": {
        "fork": (57, None), "vfork": (58, None), "execve": (59, 221), "execveat": (322, 281),
    },
    "Other processes. `tkill` names a thread, and a filter cannot know whose it is; glibc raises "
    "signals with `tgkill`, which is guarded.": {
        "ptrace": (101, 117), "process_vm_readv": (310, 270), "process_vm_writev": (311, 271),
        "process_madvise": (440, 440), "pidfd_getfd": (438, 438), "pidfd_send_signal": (424, 424),
        "rt_sigqueueinfo": (129, 138), "rt_tgsigqueueinfo": (297, 240), "tkill": (200, 130),
    },
    "Namespaces and mounts.": {
        "unshare": (272, 97), "setns": (308, 268), "chroot": (161, 51), "pivot_root": (155, 41),
        "mount": (165, 40), "umount2": (166, 39), "fsopen": (430, 430), "fsconfig": (431, 431),
        "fsmount": (432, 432), "fspick": (433, 433), "move_mount": (429, 429),
        "mount_setattr": (442, 442), "open_tree": (428, 428),
    },
    "Most vulnerabilities of the kernel were in these.": {
        "io_uring_setup": (425, 425), "io_uring_enter": (426, 426),
        "io_uring_register": (427, 427), "bpf": (321, 280), "perf_event_open": (298, 241),
        "userfaultfd": (323, 282), "keyctl": (250, 219), "add_key": (248, 217),
        "request_key": (249, 218),
    },
    "The machine.": {
        "kexec_load": (246, 104), "kexec_file_load": (320, 294), "init_module": (175, 105),
        "finit_module": (313, 273), "delete_module": (176, 106), "reboot": (169, 142),
        "swapon": (167, 224), "swapoff": (168, 225), "quotactl": (179, 60),
        "quotactl_fd": (443, 443), "acct": (163, 89), "ioperm": (173, None), "iopl": (172, None),
        "modify_ldt": (154, None), "personality": (135, 92),
    },
    "Another user.": {
        "setuid": (105, 146), "setgid": (106, 144), "setreuid": (113, 145),
        "setregid": (114, 143), "setresuid": (117, 147), "setresgid": (119, 149),
        "setfsuid": (122, 151), "setfsgid": (123, 152), "setgroups": (116, 159),
        "capset": (126, 91),
    },
}

# EPERM. The guest goes on: honest libraries try some of these, and work without them.
REFUSED: Groups = {
    "Memory that no limit of the guest counts, or that outlives it.": {
        "memfd_create": (319, 279), "memfd_secret": (447, 447), "shmget": (29, 194),
        "shmat": (30, 196), "shmctl": (31, 195), "shmdt": (67, 197), "semget": (64, 190),
        "semop": (65, 193), "semctl": (66, 191), "semtimedop": (220, 192), "msgget": (68, 186),
        "msgsnd": (69, 189), "msgrcv": (70, 188), "msgctl": (71, 187), "mq_open": (240, 180),
        "mq_unlink": (241, 181), "mq_timedsend": (242, 182), "mq_timedreceive": (243, 183),
        "mq_notify": (244, 184), "mq_getsetattr": (245, 185), "vmsplice": (278, 75),
        "splice": (275, 76), "tee": (276, 77), "mknod": (133, None), "mknodat": (259, 33),
    },
    "They send descriptors, which stay open on their way and count for nobody; and on a datagram "
    "socket they reach any address, which is in memory, where a filter cannot read it.": {
        "sendmsg": (46, 211), "sendmmsg": (307, 269), "recvmmsg": (299, 243),
    },
    "A timer of these sends any signal, SIGKILL too, which is in memory.": {
        "timer_create": (222, 107), "timer_settime": (223, 110), "timer_gettime": (224, 108),
        "timer_getoverrun": (225, 109), "timer_delete": (226, 111),
    },
    "They reach files outside of the guest's directories that belong to its user: Landlock does "
    "not cover them, or only since Linux 6.2. `sandbox/guest/own_files.py` does this for a guest's "
    "own files.": {
        "chmod": (90, None), "fchmod": (91, 52), "fchmodat": (268, 53), "chown": (92, None),
        "fchown": (93, 55), "lchown": (94, None), "fchownat": (260, 54), "truncate": (76, 45),
        "utime": (132, None), "utimes": (235, None), "futimesat": (261, None),
        "utimensat": (280, 88),
    },
    "The keeper finds a guest's processes by their session.": {
        "setsid": (112, 157), "setpgid": (109, 154),
    },
    "The guest could choose to wait for a processor, and such time is not counted. Nobody needs to "
    "ask for priorities that cannot be changed.": {
        "setpriority": (141, 140), "sched_setaffinity": (203, 122), "sched_setattr": (314, 274),
        "sched_setparam": (142, 118), "sched_setscheduler": (144, 119), "ioprio_set": (251, 30),
        "getpriority": (140, 141), "sched_getparam": (143, 121), "sched_getscheduler": (145, 120),
        "sched_getattr": (315, 275), "sched_get_priority_max": (146, 125),
        "sched_get_priority_min": (147, 126), "sched_rr_get_interval": (148, 127),
    },
    "They make all other processes wait.": {
        "sync": (162, 81), "syncfs": (306, 267), "sync_file_range": (277, 84),
    },
    "They tell about other files and processes.": {
        "inotify_init": (253, None), "inotify_init1": (294, 26), "inotify_add_watch": (254, 27),
        "inotify_rm_watch": (255, 28), "fanotify_init": (300, 262), "fanotify_mark": (301, 263),
        "name_to_handle_at": (303, 264), "open_by_handle_at": (304, 265), "mincore": (27, 232),
        "pidfd_open": (434, 434), "kcmp": (312, 272), "get_robust_list": (274, 100),
        "ioprio_get": (252, 31), "syslog": (103, 116), "lookup_dcookie": (212, 18),
        "process_mrelease": (448, 448),
    },
    "Only the machine's administrator can use them.": {
        "settimeofday": (164, 170), "adjtimex": (159, 171), "clock_settime": (227, 112),
        "clock_adjtime": (305, 266), "sethostname": (170, 161), "setdomainname": (171, 162),
        "vhangup": (153, 58), "nfsservctl": (180, 42),
    },
    "No program needs them: they only add to what a guest could attack.": {
        "mlock": (149, 228), "mlock2": (325, 284), "munlock": (150, 229), "mlockall": (151, 230),
        "munlockall": (152, 231),
        "io_setup": (206, 0), "io_destroy": (207, 1), "io_getevents": (208, 4),
        "io_submit": (209, 2), "io_cancel": (210, 3), "io_pgetevents": (333, 292),
        "seccomp": (317, 277), "landlock_create_ruleset": (444, 444),
        "landlock_add_rule": (445, 445), "landlock_restrict_self": (446, 446),
        "signalfd": (282, None), "signalfd4": (289, 74), "readahead": (187, 213),
        "remap_file_pages": (216, 234), "mbind": (237, 235), "set_mempolicy": (238, 237),
        "get_mempolicy": (239, 236), "set_mempolicy_home_node": (450, 450),
        "migrate_pages": (256, 238), "move_pages": (279, 239), "pkey_mprotect": (329, 288),
        "pkey_alloc": (330, 289), "pkey_free": (331, 290),
        "futex_waitv": (449, 449), "set_tid_address": (218, 96), "arch_prctl": (158, None),
        "capget": (125, 90), "uselib": (134, None), "ustat": (136, None), "sysfs": (139, None),
        "_sysctl": (156, None),
    },
}

# ENOTSUP, as on a file system that does not offer them.
UNSUPPORTED: Groups = {
    "Landlock does not cover extended attributes. `shutil.copy2` copies them where it can, and "
    "fails at any other error.": {
        "setxattr": (188, 5), "lsetxattr": (189, 6), "fsetxattr": (190, 7), "getxattr": (191, 8),
        "lgetxattr": (192, 9), "fgetxattr": (193, 10), "listxattr": (194, 11),
        "llistxattr": (195, 12), "flistxattr": (196, 13), "removexattr": (197, 14),
        "lremovexattr": (198, 15), "fremovexattr": (199, 16),
    },
    "It takes disk space beyond the size of a file, and so beyond RLIMIT_FSIZE. Without it, "
    "`posix_fallocate` of glibc writes into each block, within the limit.": {
        "fallocate": (285, 47),
    },
}

# ENOSYS, as a call that is in no table.
ABSENT: Groups = {
    "Their flags are in memory, where a filter cannot read them. Without them, the C library "
    "starts threads by `clone`, and opens files by `openat`.": {
        "clone3": (435, 435), "openat2": (437, 437),
    },
}

# Allowed with certain arguments only: `_GUARDS` in `sandbox/confinement/seccomp.py` says why.
GUARDED: dict[str, Numbers] = {
    "clone": (56, 220), "kill": (62, 129), "tgkill": (234, 131), "prlimit64": (302, 261),
    "setrlimit": (160, 164), "socket": (41, 198), "socketpair": (53, 199), "setsockopt": (54, 208),
    "prctl": (157, 167), "fcntl": (72, 25), "ioctl": (16, 29), "mmap": (9, 222),
}
# fmt: on


def flatten(groups: Groups) -> dict[str, Numbers]:
    """Return all calls of a table."""
    return {name: numbers for calls in groups.values() for name, numbers in calls.items()}
