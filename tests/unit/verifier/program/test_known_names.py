"""Tests of the names that programs may use without a trace."""

import importlib

import pytest

from nova_code_verifier.verifier.program import known_names
from nova_code_verifier.verifier.program.known_names import MODULES

KNOWN = [
    (module, name)
    for module, names in MODULES.items()
    for name in sorted(names)
    if known_names.is_known(module, name)
]


@pytest.mark.parametrize(("module", "name"), KNOWN)
def test_nobody_can_change_what_may_be_passed_around(module: str, name: str) -> None:
    """An object that a program may hold in a variable takes no attribute, or is new each time."""
    if not known_names.is_free(module, name) or name in known_names.FRESH:
        return
    value = getattr(importlib.import_module(module), name)

    with pytest.raises((AttributeError, TypeError)):
        value.something = 1
    assert not isinstance(value, list | dict | set)


def test_every_name_is_one_of_this_interpreter_or_a_later_one() -> None:
    """The list of names has no misspelt one."""
    missing = {
        (module, name)
        for module, names in MODULES.items()
        for name in names
        if not known_names.is_known(module, name)
    }

    assert missing <= {("itertools", "batched")}


@pytest.mark.parametrize(
    "name", ["gi_frame", "f_globals", "f_back", "tb_frame", "co_consts", "obj", "mro", "fileno"]
)
def test_machinery_is_out_of_reach(name: str) -> None:
    """No attribute leads to frames, code, descriptors or classes of the library."""
    assert not known_names.is_usable_attribute(name)
