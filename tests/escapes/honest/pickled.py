# against: code
# must: accepted
# problem: pickled
# style: pickles that the tests read
import pickle
from collections import Counter


def saved(value):
    return pickle.dumps(value)


def counted(text):
    return Counter(text)
