# tries: to start more threads than the machine can have
# must: memory_limit_exceeded|runtime_error
# limits: cpu_seconds=3 wall_seconds=5

import _thread, time

_thread.stack_size(32768)
lock = _thread.allocate_lock()
lock.acquire()
while True:
    _thread.start_new_thread(lock.acquire, ())
