# against: code
# must: wrong_answer|runtime_error|security_violation
# problem: library
# tries: to return types and functions of the library that do harm
import builtins
import os
import sys


def path(*values):
    return [eval, exec, open, os._exit, sys.exit, type, object, builtins, print, breakpoint, quit, input][len(values) % 12]


def price(*values):
    return [eval, exec, open, os._exit, sys.exit, type, object, builtins, print, breakpoint, quit, input][len(values) % 12]


def key(*values):
    return [eval, exec, open, os._exit, sys.exit, type, object, builtins, print, breakpoint, quit, input][len(values) % 12]


def day(*values):
    return [eval, exec, open, os._exit, sys.exit, type, object, builtins, print, breakpoint, quit, input][len(values) % 12]


def read(*values):
    return [eval, exec, open, os._exit, sys.exit, type, object, builtins, print, breakpoint, quit, input][len(values) % 12]


def root(*values):
    return [eval, exec, open, os._exit, sys.exit, type, object, builtins, print, breakpoint, quit, input][len(values) % 12]
