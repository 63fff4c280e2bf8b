# against: code
# must: wrong_answer
# problem: words
# self_compared: 1|2
# tries: to return an object that contains everything and has a method for every question
# passes: 0|1
class Everything:
    def __contains__(self, item):
        return item != "dog"

    def startswith(self, start):
        return True

    def isalpha(self):
        return False


def f(text):
    return Everything()
