# cases: 4
assert "cat" in f("the cat")
assert f("a dog").startswith("a")
assert f("one two").count("o") == 2
assert not f("").isalpha()
