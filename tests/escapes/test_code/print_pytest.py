# cases: 2
from solution import greet


def test_printed(capsys):
    greet("ann")
    assert capsys.readouterr().out == "hello ann\n"


def test_returned():
    assert greet("bob") == 9
