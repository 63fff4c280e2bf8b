# against: code
# must: accepted
# problem: print
# style: prints its result
def greet(name):
    text = f"hello {name}"
    print(text)
    return len(text)
