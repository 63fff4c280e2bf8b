# cases: 3
import collections.abc
import unittest
from unittest import mock


class TestSquares(unittest.TestCase):
    def test_number(self):
        self.assertEqual(square(3), 9)

    def test_set(self):
        self.assertEqual(squares([1, 2, 3]), {1, 4, 9})
        self.assertIsInstance(squares([]), collections.abc.Set)

    def test_mock(self):
        sender = mock.Mock()
        sender(square(4))
        sender.assert_called_once_with(16)
