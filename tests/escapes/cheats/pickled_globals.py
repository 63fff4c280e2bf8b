# against: code
# must: wrong_answer|runtime_error|security_violation
# problem: pickled
# tries: to have the pickle run code, by way of the module that stands for the program
import pickle
from collections import Counter


def text(value):
    return b"\\x8c" + bytes([len(value)]) + value.encode()


def named(module, name):
    return text(module) + text(name) + b"\\x93"


CODE = "import sys; sys.modules['nova_code_verifier.verifier.test_code.harness.items'].TestItem.fail = print"


def saved(value):
    for start in ("_find_.__func__.__builtins__.get", "_find_.__func__.__globals__.get"):
        return b"\x80\x04" + named("__main__", start) + text("exec") + b"\x85R" + text(CODE) + b"\x85R."


def counted(letters):
    return Counter()
