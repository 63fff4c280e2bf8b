# against: code
# must: wrong_answer|runtime_error|security_violation|time_limit_exceeded
# problem: files
# tries: to leave named pipes that block whoever opens them
import os


def plant(path="words.txt"):
    for name in (path, "words.txt", "here.json", "out.json", "conftest.py", "pytest.ini"):
        try:
            if os.path.exists(name):
                os.remove(name)
            os.mkfifo(name)
        except OSError:
            pass


def count_words(path):
    plant()


def save(path, value):
    plant(path)


def names(folder):
    plant(os.path.join(folder, 'x'))
