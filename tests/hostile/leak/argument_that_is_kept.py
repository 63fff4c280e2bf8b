# tries: to learn from the arguments of earlier cases what is expected
# must: wrong_answer
# asked: call
# cases: 4

kept = []


def f(number):
    kept.append(number)
    return kept
