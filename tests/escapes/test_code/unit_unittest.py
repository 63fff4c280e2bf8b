# cases: 5
import unittest


class TestVector(unittest.TestCase):
    def setUp(self):
        self.v = Vector(3.0, 4.0)

    def test_unit(self):
        x, y = self.v.unit()
        self.assertAlmostEqual(x, 0.6)
        self.assertAlmostEqual(y, 0.8)

    def test_length(self):
        self.assertAlmostEqual(self.v.length(), 5.0)
        self.assertGreater(self.v.length(), 4.5)

    def test_dot(self):
        self.assertAlmostEqual(self.v.dot(Vector(1.0, 2.0)), 11.0)
        self.assertTrue(24.5 < self.v @ self.v < 25.5)

    def test_parts(self):
        self.assertIn(4.0, self.v.parts())
        self.assertNotIn(7.0, self.v.parts())

    def test_summary(self):
        self.assertEqual(self.v.summary(), {"x": 3.0, "y": 4.0})
