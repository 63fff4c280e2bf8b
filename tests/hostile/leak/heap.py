# tries: to find secrets among all objects of the process
# must: harmless
# interpreter: runtime_error

import gc, re

secret = re.compile("sesame-[0-9a-f]{16}")
seen, found = set(), gc.get_objects()
while found:
    one = found.pop()
    if id(one) in seen:
        continue
    seen.add(id(one))
    if isinstance(one, (str, bytes)):
        text = one if isinstance(one, str) else one.decode("latin-1")
        if secret.search(text):
            print("BREACH", text)
    elif len(seen) < 100_000 and isinstance(one, (list, dict, tuple, set)):
        found += gc.get_referents(one)
