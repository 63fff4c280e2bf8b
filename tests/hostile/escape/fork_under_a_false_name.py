# tries: to fork as multiprocessing does
# must: security_violation|runtime_error

import os

names = dict(__name__="multiprocessing.popen_fork", os=os)
exec("pid = os.fork()", names)
print("BREACH", names["pid"])
