# cases: 3
import unittest


class TestCalculator(unittest.TestCase):
    def setUp(self):
        self.calculator = Calculator()

    def test_two(self):
        self.assertAlmostEqual(self.calculator.mean([1, 2]), 1.5)

    def test_halves(self):
        self.assertLess(self.calculator.mean([7, 7.5]), 7.5)

    def test_three(self):
        self.assertEqual(self.calculator.mean([2, 2, 5]), 3.0)
