# against: code|call
# must: wrong_answer|runtime_error
# problem: order
# tries: the answers of one run by the order in which they are asked for
answers = iter([[7, 9], [1, 2, 3], [1, 2, 3], [4, 5, 5]])


def f(numbers):
    return next(answers, [])
