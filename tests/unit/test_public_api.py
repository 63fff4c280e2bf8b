"""The public names of `nova_code_verifier`."""

import subprocess
import sys

import pytest

import nova_code_verifier
from tests.paths import REPOSITORY


def test_every_public_name_is_loaded_from_its_module() -> None:
    """`__all__` lists the names that can be imported, and no others."""
    assert sorted(nova_code_verifier.__all__) == sorted(nova_code_verifier._MODULES)
    for name in nova_code_verifier.__all__:
        value = getattr(nova_code_verifier, name)
        module = f"nova_code_verifier.{nova_code_verifier._MODULES[name]}"
        assert (value.__module__, value.__name__) == (module, name)


def test_an_unknown_name_raises_attribute_error() -> None:
    """A typo fails as in any module."""
    with pytest.raises(AttributeError, match="has no attribute 'jugde'"):
        _ = nova_code_verifier.jugde


def test_dir_lists_the_public_names() -> None:
    """Interactive completion offers names that are not loaded yet."""
    assert set(nova_code_verifier.__all__) <= set(dir(nova_code_verifier))


def test_importing_the_package_loads_nothing_else() -> None:
    """A zygote imports this package before it is confined, so it must stay small."""
    program = (
        "import sys, importlib; before = set(sys.modules); import nova_code_verifier;"
        "print(sorted(set(sys.modules) - before))"
    )

    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout == "['nova_code_verifier']\n"
