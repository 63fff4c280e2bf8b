# cases: 2
import unittest


class TestEach(unittest.TestCase):
    def setUp(self):
        self.seen = []

    def check(self, number):
        self.seen.append(number)
        self.assertEqual(number, 7.5)

    def test_halves(self):
        each_half(15, self.check)
        self.assertTrue(self.seen)

    def test_twice(self):
        each_half(15.0, lambda number: self.check(number))
        self.assertEqual(self.seen[-2:], [7.5, 7.5])
