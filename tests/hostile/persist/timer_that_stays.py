# tries: to leave a timer that fires in the next guest
# must: harmless
# cases: 4

import signal

print("BREACH" if signal.getitimer(signal.ITIMER_REAL) != (0.0, 0.0) else "")
signal.signal(signal.SIGALRM, signal.SIG_IGN)
signal.alarm(1)
signal.setitimer(signal.ITIMER_VIRTUAL, 0.001)
