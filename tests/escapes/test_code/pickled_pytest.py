# cases: 3
import pickle
from collections import Counter, OrderedDict
from datetime import date
from fractions import Fraction


def test_list():
    assert pickle.loads(saved([1, "a", (2.5,)])) == [1, "a", (2.5,)]


def test_values():
    values = {"on": date(2024, 2, 29), "part": Fraction(1, 3), "order": OrderedDict(b=1, a=2)}
    assert pickle.loads(saved(values)) == values


def test_count():
    assert counted("aab") == Counter("aab")
    assert pickle.loads(saved(counted("xy"))) == Counter("xy")
