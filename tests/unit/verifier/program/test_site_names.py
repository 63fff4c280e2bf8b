"""The names that judge sites import."""

import builtins
import importlib

import pytest

from nova_code_verifier.verifier.program.site_names import DUAL, MODULES, SOURCES


@pytest.mark.parametrize("module", sorted({*MODULES, *SOURCES.values()}))
def test_every_name_is_in_its_module(module: str) -> None:
    """Each import of a listed name succeeds in this version of Python."""
    found = importlib.import_module(module)

    assert [
        name for name, source in SOURCES.items() if source == module and not hasattr(found, name)
    ] == []


def test_no_name_is_a_builtin_or_a_module() -> None:
    """A listed name has one meaning: no builtin and no listed module has it, too."""
    assert SOURCES.keys().isdisjoint(dir(builtins))
    assert SOURCES.keys().isdisjoint(MODULES)


@pytest.mark.parametrize("name", sorted(DUAL))
def test_a_dual_module_holds_its_own_name(name: str) -> None:
    """Each module with two meanings has a function or class of its own name."""
    assert callable(getattr(importlib.import_module(name), name))


@pytest.mark.parametrize(
    ("name", "module"),
    [
        ("List", "typing"),
        ("Counter", "collections"),
        ("OrderedDict", "collections"),
        ("Deque", "typing"),
        ("heappush", "heapq"),
        ("inf", "math"),
        ("xor", "operator"),
        ("ascii_lowercase", "string"),
        ("maxsize", "sys"),
    ],
)
def test_a_usual_name_has_its_usual_module(name: str, module: str) -> None:
    """The names that programs leave out most often come from where programs take them."""
    assert SOURCES[name] == module
