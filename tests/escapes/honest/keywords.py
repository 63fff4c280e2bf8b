# against: code
# must: accepted
# problem: keywords
# style: takes arguments by name
def f(s, at=(1,), sub=0, h=0):
    if isinstance(s, str):
        return s + str(at[0])
    return s + (0 if h else at[0]) + sub
