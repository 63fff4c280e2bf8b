# cases: 3
import unittest


class TestMean(unittest.TestCase):
    def test_two(self):
        self.assertAlmostEqual(f([1, 2]), 1.5)

    def test_halves(self):
        self.assertAlmostEqual(7.25, f([7, 7.5]), delta=1e-6)

    def test_three(self):
        self.assertLess(abs(f([2, 2, 5]) - 3.0), 1e-6)
