# cases: 5
assert f(operation="add", is_guess=True) == ["add", True, 1]
assert f("sub", is_guess=2, keywords=3) == ["sub", 2, 3]
shop = Shop(name="tea")
assert shop.put(name="tea", owner="me", is_guess=5) == ("me", 5)
assert shop.goods == {"tea": ("me", 5)}
assert shop(function=4) == 4
