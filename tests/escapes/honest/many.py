# against: code
# must: accepted
# problem: many
# style: a plain function that is called in loops
def f(number):
    return number * number
