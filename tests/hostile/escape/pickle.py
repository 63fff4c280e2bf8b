# tries: to reach what the names of modules do not show, by a pickle
# must: runtime_error|security_violation

import pickle

print(pickle.loads(b"cposix\nsystem\n(S'echo BREACH'\ntR."))
