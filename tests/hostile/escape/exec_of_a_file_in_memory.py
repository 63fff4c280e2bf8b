# tries: to run a program that never had a name
# must: security_violation|harmless|runtime_error
# interpreter: runtime_error

import os

fd = os.memfd_create("x")
os.write(fd, b"#!/bin/sh\necho BREACH\n")
os.execve(fd, ["x"], {})
