"""Tests of reading single fields of a reference."""

import json

import pytest

from nova_code_verifier.verifier.errors import VerifierError
from nova_code_verifier.verifier.reference.fields import (
    Scope,
    Setting,
    did_you_mean,
    plain,
    quote,
    quote_keys,
    read_dict,
    read_json,
    read_number,
    read_setting,
    read_text,
    refuse_unknown_keys,
    unpack,
)
from tests.fakes import Array


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "nothing"),
        (True, "True"),
        (1.5, "1.5"),
        pytest.param(10**5000, "a huge number", id="huge"),
        ("f", "'f'"),
        ("x" * 41, f"'{'x' * 40}'..."),
        ([1, 2], "a list of 2 items"),
        ({"secret": 1}, "a dict of 1 keys"),
    ],
)
def test_quotes_are_short(value: object, shown: str) -> None:
    """Only strings and numbers are quoted, up to a length; all else is described."""
    assert quote(value) == shown


def test_only_the_first_keys_are_quoted() -> None:
    """At most eight keys are quoted."""
    assert quote_keys(map(str, range(9))) == "'0', '1', '2', '3', '4', '5', '6', '7', ..."
    assert quote_keys([]) == "nothing"


def test_a_message_suggests_the_nearest_key() -> None:
    """The nearest known key is suggested, unless none is similar enough."""
    assert did_you_mean("ouptut", ("input", "output")) == "; did you mean 'output'?"
    assert did_you_mean("prompt", ("input", "output")) == ""


@pytest.mark.parametrize("value", [{"a": 1}, [1], 3, None])
def test_values_that_are_no_strings_are_not_decoded(value: object) -> None:
    """A value that is not a string is returned unchanged."""
    assert unpack("x", value, "anything") is value


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("{", "that is not JSON"),
        ("[" * 100_000, "nested too deeply"),
        ("1" * 5000, "too many digits"),
    ],
    ids=["broken", "deep", "digits"],
)
def test_wrong_json_is_refused(text: str, problem: str) -> None:
    """The error for text that cannot be decoded names the field and the reason."""
    with pytest.raises(VerifierError, match=problem) as caught:
        read_json("tests[0]", text)

    assert caught.value.field == "tests[0]"


def test_an_error_describes_a_long_text() -> None:
    """The error for a wrong value has its type and size, not its content."""
    with pytest.raises(VerifierError) as caught:
        read_dict("x", json.dumps("secret"))

    assert (
        str(caught.value)
        == "x: found a string of 6 characters that is not JSON (Expecting value), expected a dict"
    )


def test_nulls_in_a_dict_are_dropped() -> None:
    """A key with the value null is absent."""
    assert read_dict("x", '{"a": null, "b": 0}') == {"b": 0}


def test_text_is_not_decoded() -> None:
    """A string that is JSON stays a string."""
    assert read_text("x", "[1]") == "[1]"


@pytest.mark.parametrize("value", [0.5, 1, 10])
def test_numbers_in_the_range_are_read(value: float) -> None:
    """A number up to the highest is read as a float."""
    number = read_number("x", value, 10)

    assert (number, type(number)) == (value, float)


@pytest.mark.parametrize("value", [0, -1, 10.5, True, "1", None, float("nan"), 10**400])
def test_numbers_out_of_range_are_refused(value: object) -> None:
    """Without a lowest number, a number must be above 0; a boolean is no number."""
    with pytest.raises(VerifierError, match=r"^x: found .*, expected a number above 0 up to 10 s$"):
        read_number("x", value, 10, unit=" s")


def test_the_lowest_number_is_in_the_range() -> None:
    """A number may be equal to the lowest."""
    assert read_number("x", 0, 10, lowest=0) == 0.0
    with pytest.raises(VerifierError, match="from 2 up to 10"):
        read_number("x", 1, 10, lowest=2)


def test_a_setting_has_the_path_of_its_first_value() -> None:
    """Scopes without the setting, with null or with an empty string are skipped."""
    scopes = [
        Scope(field="", values={"style": ""}),
        Scope(field="row", values={"style": None}),
        Scope(field="row.tests", values={"style": "pytest"}),
        Scope(field="row.tests.a", values={"style": "pytest"}),
    ]

    assert read_setting(scopes, "style", read_text) == Setting(
        field="row.tests.style", value="pytest"
    )
    assert read_setting(scopes[:2], "style", read_text) is None


def test_settings_that_differ_are_refused() -> None:
    """The error names both paths and says what to do."""
    scopes = [
        Scope(field="", values={"style": "pytest"}),
        Scope(field="row", values={"style": "script"}),
    ]

    with pytest.raises(VerifierError, match=r"^row\.style: contradicts style; remove one of them"):
        read_setting(scopes, "style", read_text)


def test_unknown_keys_are_refused_unless_they_are_null() -> None:
    """The error names the unknown key and the nearest known one."""
    refuse_unknown_keys("x", {"a": 1, "b": None}, ("a",))
    with pytest.raises(VerifierError, match=r"^x\.inptu: unknown key, .*'input'\?$"):
        refuse_unknown_keys("x", {"inptu": 1}, ("input", "output"))


def test_arrays_become_lists_at_every_depth() -> None:
    """Tables have arrays of arrays where JSON has lists; tuples stay what they are."""
    value = {"inputs": Array(Array(1, 2), "x"), "other": ({"a": Array()}, [3])}

    assert plain(value) == {"inputs": [[1, 2], "x"], "other": ({"a": []}, [3])}


def test_a_value_without_arrays_is_not_copied() -> None:
    """What JSON has is returned as it is, also if it is nested very deeply."""
    deep: object = []
    for _ in range(100_000):
        deep = [deep]

    assert plain(deep) is deep


def test_arrays_at_a_great_depth_are_refused() -> None:
    """An array that holds itself is an error of the dataset."""
    endless = Array()
    endless.items = (endless,)

    with pytest.raises(VerifierError, match="nested too deeply"):
        plain(endless)
