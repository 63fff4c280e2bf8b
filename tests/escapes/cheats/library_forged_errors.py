# against: code
# must: wrong_answer|runtime_error|security_violation
# problem: library
# tries: to raise the library's exceptions with arguments that do not fit
import json


def hostile():
    error = json.JSONDecodeError.__new__(json.JSONDecodeError)
    error.pos, error.doc, error.args = [error], 10**5000, (error,)
    error.__cause__ = UnicodeDecodeError.__new__(UnicodeDecodeError)
    return error


def path(*values):
    raise hostile()


def price(*values):
    raise hostile()


def key(*values):
    raise hostile()


def day(*values):
    raise hostile()


def read(*values):
    raise hostile()


def root(*values):
    raise hostile()
