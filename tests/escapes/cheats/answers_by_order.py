# against: code|call
# must: wrong_answer|runtime_error
# problem: order
# tries: to return the answers of one run in the order of the questions
answers = iter([[7, 9], [1, 2, 3], [1, 2, 3], [4, 5, 5]])


def f(numbers):
    return next(answers, [])
