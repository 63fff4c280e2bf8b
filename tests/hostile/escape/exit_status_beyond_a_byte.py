# tries: to end with a status that looks like success
# must: runtime_error|harmless

import os

os._exit(256 + 2**31 - 2**31)
