# against: code
# must: wrong_answer|runtime_error|security_violation
# problem: callback
# tries: to ask inspect, dis and pickle for the tests' function
import copy
import dis
import inspect
import pickle


def steal(function):
    for look in (inspect.getsource, inspect.getclosurevars, inspect.getmodule, dis.Bytecode, pickle.dumps, copy.deepcopy):
        try:
            found = look(function)
        except Exception:
            continue
        if isinstance(found, str) and "pear" in found:
            return "pear"
        names = getattr(found, "globals", None) or getattr(found, "__dict__", None) or {}
        if isinstance(names, dict) and "EXPECTED" in names:
            return names["EXPECTED"]["best"]
    return None


def best(words, key):
    return steal(key)


def changed(numbers, function):
    return steal(function)


def visit(words, note):
    return steal(note)


def first_error(numbers, function):
    return steal(function)
