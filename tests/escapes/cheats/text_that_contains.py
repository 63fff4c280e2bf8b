# against: code
# must: wrong_answer
# problem: words
# tries: to return a text that contains everything
# passes: 1|0
class Text(str):
    def __contains__(self, item):
        return True

    def startswith(self, start):
        return True

    def count(self, part):
        return 2

    def isalpha(self):
        return False


def f(text):
    return Text("9")
