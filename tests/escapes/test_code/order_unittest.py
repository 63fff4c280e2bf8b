# cases: 3
import unittest


class TestOrder(unittest.TestCase):
    def test_three(self):
        self.assertEqual(f([3, 1, 2]), [1, 2, 3])

    def test_two(self):
        self.assertListEqual([7, 9], f([9, 7]))

    def test_twice(self):
        for numbers in ([5, 5, 4], [4, 5, 5]):
            with self.subTest(numbers=numbers):
                self.assertSequenceEqual(f(numbers), [4, 5, 5])
