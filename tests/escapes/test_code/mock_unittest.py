# cases: 4
import unittest
from unittest.mock import MagicMock, Mock, call


class TestMocks(unittest.TestCase):
    def test_list(self):
        sender = Mock()
        send_all(["a", "b"], sender)
        self.assertEqual(sender.send.call_args_list, [call("a"), call("b")])

    def test_once(self):
        sender = MagicMock()
        send_all(["x"], sender)
        sender.send.assert_called_once_with("x")

    def test_not_called(self):
        sender = Mock()
        send_all(["", "y"], sender)
        self.assertEqual(sender.send.call_count, 1)
        self.assertEqual(sender.send.call_args.args, ("y",))

    def test_total(self):
        prices = Mock()
        prices.get.side_effect = [2, 5]
        self.assertEqual(total(["a", "b"], prices), 7)
