# cases: 2
import unittest


class TestBig(unittest.TestCase):
    def test_first(self):
        self.assertEqual(f([3, 1, 2]), [1, 2, 3])

    def test_second(self):
        self.assertEqual(f([9, 7]), [7, 9])
