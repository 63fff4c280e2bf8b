# cases: 3
import unittest


class TestRoot(unittest.TestCase):
    def test_raises(self):
        self.assertRaises(ValueError, f, -1)

    def test_value(self):
        self.assertEqual(f(9), 3)

    def test_other(self):
        with self.subTest("sixteen"):
            self.assertEqual(f(16), 4)
