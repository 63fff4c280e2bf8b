# cases: 4
assert describe([[[[make(1)]]]]) == "1"
assert describe((make(2), 5)) == "2"
assert make(3) == {"n": 3}
try:
    check(-1)
except Exception as error:
    assert explain(error) == "negative"
else:
    assert False
