# tries: to go on after its end in threads that ignore it
# must: time_limit_exceeded
# cases: 2
# limits: wall_seconds=0.3

import signal, threading, time

signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))


def stay():
    while True:
        time.sleep(0.01)


threading.Thread(target=stay).start()
print("an answer", flush=True)
