# tries: to find secrets in the frames of our code below its own
# must: harmless

import re, sys

frame = sys._getframe()
while frame is not None:
    for names in (frame.f_locals, frame.f_globals, frame.f_builtins):
        for name, value in list(names.items()):
            if re.search("sesame-[0-9a-f]{16}", repr(value)):
                print("BREACH", name)
    frame = frame.f_back
