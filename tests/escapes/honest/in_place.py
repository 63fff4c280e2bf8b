# against: code
# must: accepted
# problem: inplace
# style: changes its argument in place
def f(numbers):
    for end in range(len(numbers), 1, -1):
        for place in range(end - 1):
            if numbers[place] > numbers[place + 1]:
                numbers[place], numbers[place + 1] = numbers[place + 1], numbers[place]
