# against: code|call
# must: wrong_answer|no_entry_point
# problem: order
# tries: to define no function, so that there is no question to fail
def g(numbers):
    return sorted(numbers)
