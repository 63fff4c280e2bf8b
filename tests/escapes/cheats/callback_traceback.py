# against: code
# must: wrong_answer|runtime_error|security_violation
# problem: callback
# tries: to walk from an exception of the tests' function to its frames
import sys


def steal(function):
    try:
        function(object(), object(), object())
    except BaseException as error:
        trace = error.__traceback__
        while trace is not None:
            for scope in (trace.tb_frame.f_globals, trace.tb_frame.f_locals):
                if "EXPECTED" in scope:
                    return scope["EXPECTED"]["best"]
                if "answers" in scope:
                    return scope["answers"]
            trace = trace.tb_next
    return None


def best(words, key):
    return steal(key)


def changed(numbers, function):
    return steal(function)


def visit(words, note):
    return steal(note)


def first_error(numbers, function):
    return steal(function)
