# tries: to loop when our code imports a module after the program
# must: time_limit_exceeded
# limits: cpu_seconds=0.2

import sys


class Finder:
    def find_spec(self, *_):
        while True:
            pass


sys.meta_path.insert(0, Finder())
sys.modules.pop("traceback", None)
import no_such_module
