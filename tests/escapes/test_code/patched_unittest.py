# cases: 5
import io
import os
import unittest
from unittest.mock import patch


class TestPatched(unittest.TestCase):
    @patch("builtins.input", side_effect=["3", "4"])
    def test_input(self, asked):
        self.assertEqual(add_two(), 7)
        self.assertEqual(asked.call_count, 2)

    @patch("time.sleep")
    def test_sleep(self, sleep):
        self.assertEqual(slowly(3), 3)
        sleep.assert_called_once_with(60)

    def test_choice(self):
        with patch("random.choice", return_value="b") as choice:
            self.assertEqual(pick(["a", "b", "c"]), "b")
        choice.assert_called_once()

    def test_printed(self):
        with patch("sys.stdout", new_callable=io.StringIO) as out:
            greet("Ann")
        self.assertEqual(out.getvalue(), "hello Ann\n")

    def test_environment(self):
        with patch.dict(os.environ, {"PLACE": "here"}):
            self.assertEqual(place(), "here")
        self.assertEqual(place(), "nowhere")
