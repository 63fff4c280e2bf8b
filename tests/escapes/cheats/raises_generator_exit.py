# against: code|call
# must: wrong_answer|runtime_error
# problem: order
# tries: to end the generators that the tests run in
def f(numbers):
    raise [GeneratorExit, StopIteration, StopAsyncIteration][len(numbers) % 3]
