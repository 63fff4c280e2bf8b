# against: code
# must: wrong_answer
# problem: order
# tries: to return an iterator without end
def f(numbers):
    while True:
        yield 0
