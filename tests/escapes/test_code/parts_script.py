# cases: 6
z = root(-4)
assert scaled(z.real, z.imag) == (0, 4)
assert scaled(halved(9).numerator, 1) == (18, 2)
assert reversed_bytes(packed(3)[::-1]) == b"\0\3"


@memoized
def add(a, b):
    return a + b


assert applied(add, 1, 2) == 3
assert name_of(type(halved(8))) == "Fraction"
assert scaled(frozenset([frozenset([root(4)])])) == 1
