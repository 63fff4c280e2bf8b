# cases: 2
import unittest

RESULT = f([3, 1, 2])


class TestModule(unittest.TestCase):
    def test_result(self):
        self.assertEqual(RESULT, [1, 2, 3])

    def test_two(self):
        self.assertEqual(f([9, 7]), [7, 9])
