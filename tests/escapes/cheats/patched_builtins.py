# against: code|call
# must: wrong_answer|runtime_error|security_violation|time_limit_exceeded
# problem: order
# tries: to replace built-in functions for code that looks them up later
import builtins

builtins.sorted = lambda *_: []
builtins.all = builtins.any = builtins.isinstance = lambda *_: True
builtins.len = lambda _: 3
builtins.AssertionError = builtins.SystemExit


def f(numbers):
    return []
