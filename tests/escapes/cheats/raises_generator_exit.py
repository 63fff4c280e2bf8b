# against: code|call
# must: wrong_answer|runtime_error
# problem: order
# tries: to end the generators that run the tests
def f(numbers):
    raise [GeneratorExit, StopIteration, StopAsyncIteration][len(numbers) % 3]
