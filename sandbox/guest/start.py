"""The script that becomes a zygote, and then a guest.

It is started with one argument (JSON). Its globals are those of the frame below a candidate's
program, which the candidate can inspect. So it has next to none.
"""

import gc
import json
import sys

# PYTHONSAFEPATH keeps a script's directory, and so a guest's, off the path. So add ours here:
sys.path.insert(0, json.loads(sys.argv[1])["code_directory"])
from nova_code_verifier.sandbox.guest import zygote

sys.path.pop(0)

work, must_drop_ctypes = zygote.main()
del zygote  # this drops the last reference to the confinement, too
if must_drop_ctypes:
    gc.collect()  # from Python 3.13 on, this frees all of ctypes
if work is not None:
    work()
