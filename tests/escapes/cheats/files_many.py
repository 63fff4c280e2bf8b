# against: code
# must: wrong_answer|runtime_error|security_violation|time_limit_exceeded|memory_limit_exceeded|output_limit_exceeded
# problem: files
# tries: to fill the directory with files
import os


def plant(path="x"):
    for number in range(60_000):
        try:
            open(f"f{number}.txt", "w").close()
        except OSError:
            break


def count_words(path):
    plant()


def save(path, value):
    plant(path)


def names(folder):
    plant(os.path.join(folder, 'x'))
