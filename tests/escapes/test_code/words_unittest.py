# cases: 2
import unittest


class TestWords(unittest.TestCase):
    def test_in(self):
        self.assertIn("cat", f("the cat"))

    def test_not_in(self):
        self.assertNotIn("dog", f("the cat"))
        self.assertIn(f("x"), ["x", "y"])
