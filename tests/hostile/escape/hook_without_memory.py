# tries: to leave no memory for the hook when it is called
# must: security_violation|runtime_error|memory_limit_exceeded

import os, resource

command = ["echo", "BREACH"]
resource.setrlimit(resource.RLIMIT_AS, (2**20, 2**30))
os.execvp("echo", command)
