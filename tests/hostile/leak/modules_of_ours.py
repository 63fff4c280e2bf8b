# tries: to import the verifier from inside of a guest
# must: runtime_error

import sys

sys.path += ["/var/task", *WORKERS, CODE]
for name in list(sys.modules):
    if "verifier" in name or "sandbox" in name:
        print("BREACH", name)
import nova_code_verifier
print("BREACH")
