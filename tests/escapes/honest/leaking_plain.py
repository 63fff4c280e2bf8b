# against: code
# must: accepted
# problem: leaking
# style: returns plain data with its own methods
def f(items):
    return items if isinstance(items, str) else set(items)
