# tries: to look like a guest that the machine has killed
# must: security_violation|runtime_error|harmless

import os, signal

for attempt in (
    lambda: os.kill(os.getpid(), signal.SIGKILL),
    lambda: signal.raise_signal(signal.SIGKILL),
    lambda: signal.pthread_kill(__import__("threading").get_ident(), signal.SIGKILL),
):
    try:
        attempt()
    except (OSError, AttributeError):
        pass
