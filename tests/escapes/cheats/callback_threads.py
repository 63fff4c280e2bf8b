# against: code
# must: wrong_answer|runtime_error|security_violation|time_limit_exceeded
# problem: callback
# tries: to call the tests' function from many threads at once
import threading


def steal(function):
    def call():
        for _ in range(50):
            try:
                function("pear")
            except Exception:
                pass

    threads = [threading.Thread(target=call) for _ in range(8)]
    for thread in threads:
        thread.start()
    return None


def best(words, key):
    return steal(key)


def changed(numbers, function):
    return steal(function)


def visit(words, note):
    return steal(note)


def first_error(numbers, function):
    return steal(function)
