# against: code
# must: accepted
# problem: patched
# style: uses what the tests patch
import os
import random
import time


def add_two():
    return int(input()) + int(input())


def slowly(number):
    time.sleep(60)
    return number


def pick(items):
    return random.choice(items)


def greet(name):
    print(f"hello {name}")


def place():
    return os.environ.get("PLACE", "nowhere")
