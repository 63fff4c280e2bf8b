# tries: to answer, and then to keep its processor busy in a thread
# must: time_limit_exceeded
# limits: cpu_seconds=0.2

import threading


def spin():
    while True:
        pass


for _ in range(3):
    threading.Thread(target=spin).start()
print("an answer", flush=True)
