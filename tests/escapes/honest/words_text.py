# against: code
# must: accepted
# problem: words
# style: plain text
def f(text):
    return text
