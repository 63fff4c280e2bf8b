# against: code
# must: wrong_answer|runtime_error|security_violation|time_limit_exceeded|memory_limit_exceeded|output_limit_exceeded
# problem: files
# tries: to make folders so deep that nobody can remove them
import os


def plant(path="x"):
    home = os.getcwd()
    try:
        for _ in range(3000):
            os.mkdir("d" * 200)
            os.chdir("d" * 200)
    except OSError:
        pass
    try:
        os.chdir(home)
    except OSError:
        pass


def count_words(path):
    plant()


def save(path, value):
    plant(path)


def names(folder):
    plant(os.path.join(folder, 'x'))
