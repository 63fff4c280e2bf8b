# cases: 4
import logging
import warnings

import pytest

from solution import complain, divide, old, quiet


def test_log(caplog):
    with caplog.at_level(logging.INFO):
        assert divide(1, 0) is None
    assert [(record.levelname, record.getMessage()) for record in caplog.records] == [
        ("ERROR", "division by zero")
    ]


def test_warning():
    with pytest.warns(DeprecationWarning, match="use new") as caught:
        assert old() == 1
    assert len(caught) == 1
    assert str(caught[0].message) == "use new()"


def test_error_stream(capsys):
    complain("no")
    assert capsys.readouterr() == ("", "no\n")


def test_quiet(caplog, capsys):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert quiet(3) == 4
    assert not caplog.records and capsys.readouterr() == ("", "")
