# against: code
# must: wrong_answer|runtime_error
# problem: order
# tries: to be a module that has every name
import sys
import types


class Every(types.ModuleType):
    def __getattr__(self, name):
        return lambda *a: True


module = sys.modules[__name__]
module.__class__ = Every
globals()["__getattr__"] = lambda name: True


class Dict(dict):
    def __missing__(self, name):
        return True


def f(numbers):
    return globals()["__builtins__"]
