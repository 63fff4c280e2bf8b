# against: code
# must: accepted
# problem: notes
# style: reads files that the tests write
def count(name):
    with open(name) as file:
        return len(file.read())
