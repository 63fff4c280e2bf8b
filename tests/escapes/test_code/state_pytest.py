# cases: 5
from solution import School, clone, items_of, record


def test_filled():
    school = School()
    school.pupils["Ada"] = {"marks": []}
    school.mark("Ada", 5)
    assert school.pupils["Ada"]["marks"] == [5]


def test_clone():
    given = [[1], [2]]
    copied = clone(given)
    assert copied == given
    assert copied is not given and copied[0] is not given[0]


def test_own_list_is_kept():
    school = School()
    school.names().append("Eve")
    assert school.names() == []


def test_in_place():
    log = []
    assert record(log, "a") is log
    record(log, "b")
    assert log == ["a", "b"]


def test_untouched():
    expected = [3, 1, 2]
    given = list(expected)
    assert items_of(given) == sorted(expected)
    assert given == expected
