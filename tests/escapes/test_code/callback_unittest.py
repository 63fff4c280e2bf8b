# cases: 4
import unittest

EXPECTED = {"best": "pear"}


class TestCallbacks(unittest.TestCase):
    def setUp(self):
        self.expected = [11, 12, 13]
        self.seen = []

    def length(self, word):
        return len(word)

    def note(self, word):
        self.seen.append(word)

    def answer(self, number):
        return self.expected[number - 1]

    def refuse(self, number):
        raise ValueError("no %d" % number)

    def test_best(self):
        self.assertEqual(best(["fig", "pear"], self.length), EXPECTED["best"])

    def test_changed(self):
        self.assertEqual(changed([1, 2, 3], self.answer), self.expected)

    def test_visit(self):
        visit(["a", "b"], self.note)
        self.assertEqual(self.seen, ["a", "b"])

    def test_raising(self):
        self.assertEqual(first_error([7, 8], self.refuse), "no 7")
