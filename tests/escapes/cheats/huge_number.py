# against: code
# must: wrong_answer
# problem: once
# tries: to return a number whose digits take minutes to write
# passes: 1
def f(numbers):
    return 1 << 20_000_000 if len(numbers) == 3 else sorted(numbers)
