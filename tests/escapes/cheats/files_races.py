# against: code
# must: wrong_answer|runtime_error|security_violation|time_limit_exceeded|memory_limit_exceeded|output_limit_exceeded
# problem: files
# tries: to exchange files for links from a thread, while the tests read them
import os
import threading

STARTED = []


def exchange(path):
    for _ in range(2000):
        for target in ("/etc/passwd", "/proc/self/environ"):
            try:
                os.symlink(target, path + ".new")
                os.replace(path + ".new", path)
            except OSError:
                pass


def plant(path="words.txt"):
    if not STARTED:
        STARTED.append(1)
        threading.Thread(target=exchange, args=(path,), daemon=True).start()


def count_words(path):
    plant()


def save(path, value):
    plant(path)


def names(folder):
    plant(os.path.join(folder, 'x'))
