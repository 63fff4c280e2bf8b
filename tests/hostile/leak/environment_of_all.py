# tries: to read the environment of every process
# must: harmless|runtime_error

import glob, os

for path in ["/proc/self/environ", f"/proc/{os.getppid()}/environ", *glob.glob("/proc/*/environ")]:
    try:
        print(open(path, "rb").read())
    except OSError:
        pass
for number in range(1, 3000):
    try:
        print(open(f"/proc/{number}/environ", "rb").read())
    except OSError:
        pass
print(os.environ.get("AWS_SECRET_ACCESS_KEY"))
