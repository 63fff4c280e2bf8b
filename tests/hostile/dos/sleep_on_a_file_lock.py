# tries: to wait for a lock that it holds itself
# must: time_limit_exceeded
# limits: wall_seconds=0.3

import fcntl

first, second = open("x", "w"), open("x", "w")
fcntl.flock(first, fcntl.LOCK_EX)
fcntl.flock(second, fcntl.LOCK_EX)
