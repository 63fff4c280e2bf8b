# against: code|call
# must: accepted
# problem: order
# style: quick sort by pattern matching and recursion
def f(numbers):
    match numbers:
        case []:
            return []
        case [only]:
            return [only]
        case [first, *rest]:
            small = [n for n in rest if n < first]
            large = [n for n in rest if n >= first]
            return [*f(small), first, *f(large)]
