# against: code
# must: accepted
# problem: print
# style: what it prints is what counts
def greet(name):
    text = f"hello {name}"
    print(text)
    return len(text)
