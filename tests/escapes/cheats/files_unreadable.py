# against: code
# must: wrong_answer|runtime_error|security_violation
# problem: files
# tries: to leave files and folders that nobody may read or remove
import os


def plant(path="x"):
    for name in ("a", "b"):
        try:
            os.makedirs(f"{name}/{name}")
            open(f"{name}/{name}/f", "w").close()
            os.chmod(f"{name}/{name}", 0)
            os.chmod(name, 0o100)
        except OSError:
            pass
    for folder in (".", os.path.dirname(path) or "."):
        try:
            os.chmod(folder, 0)
        except OSError:
            pass


def count_words(path):
    plant()


def save(path, value):
    plant(path)


def names(folder):
    plant(os.path.join(folder, 'x'))
