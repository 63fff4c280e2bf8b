# against: code
# must: wrong_answer|runtime_error|security_violation
# problem: files
# tries: to remove and replace the working directory
import os
import shutil


def plant(path="x"):
    here = os.getcwd()
    for change in (
        lambda: os.rename(here, here + "-old"), lambda: shutil.rmtree(here), lambda: os.rmdir(here),
        lambda: os.symlink("/", here), lambda: os.rename(here + "/x", here),
    ):
        try:
            change()
        except OSError:
            pass


def count_words(path):
    plant()


def save(path, value):
    plant(path)


def names(folder):
    plant(os.path.join(folder, 'x'))
