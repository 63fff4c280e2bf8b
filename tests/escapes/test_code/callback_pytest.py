# cases: 4
from solution import best, changed, first_error, visit

EXPECTED = {"best": "pear", "changed": [11, 12, 13], "error": "no 7"}


def length(word):
    return len(word)


def test_best():
    assert best(["fig", "pear"], length) == EXPECTED["best"]


def test_closure():
    answers = EXPECTED["changed"]

    def answer(number, answers=answers):
        return answers[number - 1]

    assert changed([1, 2, 3], answer) == answers


def test_bound_method():
    seen = []
    visit(["a", "b"], seen.append)
    assert seen == ["a", "b"]


def test_raising():
    def refuse(number):
        raise ValueError(f"no {number}")

    assert first_error([7, 8], refuse) == EXPECTED["error"]
