# tries: to leave modules where the interpreter looks for those of a user
# must: harmless|runtime_error
# cases: 4

import os, sys, sysconfig

homes = {os.path.expanduser("~"), os.environ.get("HOME", "/tmp"), "/root"}
version = f"python{sys.version_info[0]}.{sys.version_info[1]}"
for home in homes:
    folder = os.path.join(home, ".local/lib", version, "site-packages")
    if os.path.exists(os.path.join(folder, "usercustomize.py")):
        print("BREACH", folder)
    try:
        os.makedirs(folder, exist_ok=True)
        open(os.path.join(folder, "usercustomize.py"), "w").write("print('BREACH')")
    except OSError:
        pass
