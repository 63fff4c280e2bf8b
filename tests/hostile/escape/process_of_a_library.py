# tries: to start a process by libraries that do so in passing, under a false name
# must: security_violation|runtime_error

import subprocess, sys

names = dict(__name__="platform", subprocess=subprocess)
exec("print(subprocess.check_output(['echo', 'BREACH']))", names)
