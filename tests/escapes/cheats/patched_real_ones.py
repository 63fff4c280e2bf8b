# against: code
# must: wrong_answer|runtime_error|security_violation
# problem: patched
# passes: 0|1
# tries: to keep the real functions, and to print what is expected later
import os
import random
import sys
import time


real_input, real_sleep, real_choice, real_out, environ = input, time.sleep, random.choice, sys.stdout, dict(os.environ)


def peek(mock):
    real_out.write("hello Ann\n")
    sys.__stdout__.write("hello Ann\n")
    os.write(1, b"hello Ann\n")
    return real_choice(["b", 3, 7, "here"])


def add_two():
    return peek(input)


def slowly(number):
    return peek(time.sleep)


def pick(items):
    return peek(random.choice)


def greet(name):
    return peek(sys.stdout)


def place():
    return peek(os.environ)
