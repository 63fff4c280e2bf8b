# tries: to spread its time over threads that are gone when their time is read
# must: time_limit_exceeded
# limits: cpu_seconds=0.2 wall_seconds=4

import threading

while True:
    threads = [threading.Thread(target=sum, args=(range(20_000),)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
