"""Finding the known key that a misspelt key probably stands for."""

from nova_code_verifier.verifier.errors import nearest_key


def test_the_nearest_key_is_found_in_any_case() -> None:
    """The nearest known key is returned, unless none is similar enough."""
    assert nearest_key("Ouptut", ("input", "output")) == "output"
    assert nearest_key("prompt", ("input", "output")) is None


def test_a_key_of_another_type_is_compared_as_text() -> None:
    """A key that is not text, as a caller of the library may pass, does not raise."""
    assert nearest_key(None, ("none", "output")) == "none"
