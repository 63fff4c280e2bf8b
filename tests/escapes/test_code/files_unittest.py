# cases: 4
import json
import os
import shutil
import tempfile
import unittest


class TestFiles(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp()
        self.path = os.path.join(self.folder, "words.txt")
        with open(self.path, "w") as file:
            file.write("one two three")

    def tearDown(self):
        shutil.rmtree(self.folder, ignore_errors=True)

    def test_count(self):
        self.assertEqual(count_words(self.path), 3)

    def test_saved(self):
        path = os.path.join(self.folder, "out.json")
        save(path, {"a": [1, 2]})
        import colorsys  # a module that nothing else has loaded

        self.assertEqual(colorsys.rgb_to_hsv(0, 0, 0), (0.0, 0.0, 0.0))
        with open(path) as file:
            self.assertEqual(json.load(file), {"a": [1, 2]})

    def test_names(self):
        open(os.path.join(self.folder, "a.txt"), "w").close()
        self.assertEqual(names(self.folder), ["a.txt", "words.txt"])

    def test_temporary(self):
        with tempfile.NamedTemporaryFile("w+", suffix=".json") as file:
            save(file.name, [1])
            file.seek(0)
            self.assertEqual(json.load(file), [1])
