# against: code
# must: accepted
# problem: ownwords
# style: parameters that are called as we call ours
class Shop:
    def __init__(self, name):
        self.goods = {name: 0}

    def put(self, name, owner, guess=0):
        self.goods[name] = (owner, guess)
        return self.goods[name]

    def __call__(self, function):
        return function


def f(operation, guess, keywords=1):
    return [operation, guess, keywords]
