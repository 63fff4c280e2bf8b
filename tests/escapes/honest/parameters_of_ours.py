# against: code
# must: accepted
# problem: parameters
# style: has parameters named like those of our functions
class Shop:
    def __init__(self, name):
        self.goods = {name: 0}

    def put(self, name, owner, is_guess=0):
        self.goods[name] = (owner, is_guess)
        return self.goods[name]

    def __call__(self, function):
        return function


def f(operation, is_guess, keywords=1):
    return [operation, is_guess, keywords]
