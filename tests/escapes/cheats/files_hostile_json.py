# against: code
# must: wrong_answer|runtime_error|security_violation|time_limit_exceeded|memory_limit_exceeded|output_limit_exceeded
# problem: files
# tries: to write JSON that is costly to read
import os


def plant(path="x"):
    for name in (path, "here.json"):
        try:
            with open(name, "w") as file:
                file.write("[" * 300_000 if "out" in name else "9" * 2_000_000)
        except OSError:
            pass


def count_words(path):
    plant()


def save(path, value):
    plant(path)


def names(folder):
    plant(os.path.join(folder, 'x'))
