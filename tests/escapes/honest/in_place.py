# against: code
# must: accepted
# problem: inplace
# style: what it is given, changed in place
def f(numbers):
    for end in range(len(numbers), 1, -1):
        for place in range(end - 1):
            if numbers[place] > numbers[place + 1]:
                numbers[place], numbers[place + 1] = numbers[place + 1], numbers[place]
