# against: code
# must: wrong_answer|runtime_error|security_violation
# problem: applied
# tries: to have the tests make a class of its design, whose objects equal anything
import abc
import enum


def total(apply, numbers):
    names = {"__eq__": slice}
    for make in (type, abc.ABCMeta, enum.EnumType, type(abc.ABCMeta)):
        try:
            made = apply(make, "X", (), names)
            return getattr(made, "result", lambda: made)()()
        except TypeError:
            continue
    return apply(enum.Enum, "X", {"A": 1} | names).A
