# against: code
# must: accepted
# problem: claims
# style: plain numbers and sets
def square(number):
    return number * number


def squares(numbers):
    return {number * number for number in numbers}
