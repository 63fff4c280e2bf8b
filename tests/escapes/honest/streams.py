# against: code
# must: accepted
# problem: stream
# style: generators
def squares(count):
    yield from (number * number for number in range(count))
