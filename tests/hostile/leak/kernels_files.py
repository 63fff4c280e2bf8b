# tries: to read what the kernel shows of the machine
# must: harmless

PATHS = """
/proc/kcore /proc/kallsyms /proc/kmsg /proc/mounts /proc/self/mountinfo /proc/self/maps
/proc/self/mem /proc/net/unix /proc/net/tcp /proc/1/cmdline /proc/1/root/etc/passwd
/proc/self/root/etc/shadow /proc/self/cwd/../../etc/shadow /dev/mem /dev/kmem /dev/port
/sys/kernel/security/landlock /sys/fs/cgroup/cgroup.procs /proc/sysvipc/shm /proc/keys
/proc/self/cmdline /proc/self/auxv /proc/self/pagemap /proc/self/task /proc/self/attr/current
/etc/shadow /root/.ssh/id_rsa /root/.aws/credentials /proc/self/environ
""".split()
for path in PATHS:
    try:
        print("BREACH", path, open(path, "rb").read(20))
    except OSError:
        pass
