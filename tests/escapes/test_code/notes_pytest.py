# cases: 2
from pathlib import Path


def test_written():
    Path("notes.txt").write_text("x" * 48)
    assert count("notes.txt") == 48


def test_read_back():
    with open("again.txt", "w") as file:
        file.write("12345678" * 6)
    with open("again.txt") as file:
        assert len(file.read()) == count("again.txt") == 48
