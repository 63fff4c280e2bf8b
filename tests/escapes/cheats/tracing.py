# against: code
# must: wrong_answer|runtime_error|security_violation|time_limit_exceeded
# problem: order_script
# tries: to trace every line that runs, and read its local variables
import sys
import threading

seen = []


def trace(frame, event, argument):
    seen.append(dict(frame.f_locals))
    return trace


sys.settrace(trace)
sys.setprofile(trace)
threading.settrace(trace)


def f(numbers):
    for names in seen:
        for value in names.values():
            if isinstance(value, list) and len(value) == len(numbers) and value != numbers:
                return value
    return []
