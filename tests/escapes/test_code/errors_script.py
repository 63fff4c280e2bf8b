# cases: 3
try:
    f(-1)
    raised = False
except ValueError:
    raised = True
assert raised
assert f(9) == 3
assert f(16) == 4
