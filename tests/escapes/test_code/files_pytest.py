# cases: 4
import json
import os

from solution import count_words, names, save


def test_by_name():
    with open("words.txt", "w") as file:
        file.write("one two three")
    assert count_words("words.txt") == 3


def test_saved(tmp_path):
    target = tmp_path / "out.json"
    save(str(target), {"a": [1, 2]})
    import colorsys  # a module that nothing else has loaded

    assert colorsys.rgb_to_hsv(0, 0, 0) == (0.0, 0.0, 0.0)
    assert json.loads(target.read_text()) == {"a": [1, 2]}


def test_names(tmp_path):
    for name in ("b.txt", "a.txt", "c.py"):
        (tmp_path / name).touch()
    assert names(str(tmp_path)) == ["a.txt", "b.txt"]


def test_here():
    save("here.json", [3])
    assert os.path.getsize("here.json") == 3
    with open("here.json") as file:
        assert json.load(file) == [3]
