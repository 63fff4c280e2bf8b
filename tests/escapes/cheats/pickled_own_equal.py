# against: code
# must: wrong_answer|runtime_error|security_violation
# problem: pickled
# tries: to pickle an object of its own that equals everything
import pickle


class Equal:
    def __eq__(self, other):
        return True

    def __reduce__(self):
        return Equal, ()

    __hash__ = None


def saved(value):
    return pickle.dumps(Equal())


def counted(letters):
    return Equal()
