# against: code
# must: wrong_answer|runtime_error|security_violation|time_limit_exceeded|memory_limit_exceeded|output_limit_exceeded
# problem: files
# tries: to leave a file that seems to have terabytes
import os


def plant(path="words.txt"):
    for name in (path, "here.json"):
        try:
            with open(name, "wb") as file:
                file.truncate(1 << 42)
        except OSError:
            try:
                with open(name, "wb") as file:
                    file.truncate(12 << 20)
            except OSError:
                pass


def count_words(path):
    plant()


def save(path, value):
    plant(path)


def names(folder):
    plant(os.path.join(folder, 'x'))
