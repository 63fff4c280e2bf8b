"""What tests patch is patched in the candidate's guest, and restored."""

import sys
import types
from typing import Any

import pytest

from nova_code_verifier.sandbox.guest.patched import Patched


@pytest.fixture
def library(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return a module that can be imported, with a class in it."""
    module: Any = types.ModuleType("nova_library")
    module.value = 1
    module.Base = type("Base", (), {"method": lambda _: "base"})
    module.Kind = type("Kind", (module.Base,), {})
    monkeypatch.setitem(sys.modules, "nova_library", module)
    return module


def test_an_attribute_is_set_and_restored(library: Any) -> None:
    """Also after a second patch of the same attribute, and for one that was not there."""
    patched = Patched({})
    for path, before in ((["nova_library", "value"], 1), (["nova_library", "new"], None)):
        patched.patch(2, *path)
        patched.patch(3, *path)
        assert vars(library)[path[-1]] == 3
        patched.unpatch(*path)
        assert vars(library).get(path[-1]) == before
    patched.unset("nova_library", "value")
    assert not hasattr(library, "value")
    patched.unpatch("nova_library", "value")
    assert library.value == 1


def test_an_inherited_method_is_inherited_again(library: Any) -> None:
    """A patch of a class leaves nothing behind."""
    patched = Patched({})
    path = ["nova_library", "Kind", "method"]
    patched.patch(lambda _: "patched", *path)
    assert library.Kind().method() == "patched"
    patched.unpatch(*path)
    assert "method" not in vars(library.Kind)
    assert library.Kind().method() == "base"


def test_names_of_the_program_are_patched() -> None:
    """The program finds them at its next call."""
    names: dict[str, Any] = {}
    exec("def helper(): return 1\ndef run(): return helper()", names)
    patched = Patched(names)
    patched.patch(lambda: 2, "helper")
    patched.patch(3, "other")
    assert (names["run"](), names["other"]) == (2, 3)
    patched.unpatch("helper")
    patched.unpatch("other")
    assert names["run"]() == 1
    assert "other" not in names


def test_modules_are_replaced_and_restored() -> None:
    """What was not replaced stays."""
    patched = Patched({})
    stand_in: Any = object()
    patched.patch(stand_in, "sys", "modules", "nova_missing")
    assert sys.modules["nova_missing"] is stand_in
    patched.unpatch("sys", "modules", "nova_missing")
    patched.unpatch("sys", "modules", "os")
    assert "nova_missing" not in sys.modules
    assert sys.modules["os"] is not None


def test_a_class_gets_back_what_it_had(library: Any) -> None:
    """Also a static method, and also if the tests' tool deletes what it has set."""
    library.Base.static = staticmethod(lambda: "static")
    patched = Patched({})
    for name in ("static", "method"):
        before = vars(library.Base)[name]
        patched.set_attribute(library.Base, name, lambda *_: "patched")
        assert getattr(library.Base(), name)() == "patched"
        patched.delete_attribute(library.Base, name)
        assert vars(library.Base)[name] is before
    patched.set_attribute(library.Kind, "method", None)
    patched.delete_attribute(library.Kind, "method")
    assert "method" not in vars(library.Kind)
    patched.delete_attribute(library.Base, "static")
    assert not hasattr(library.Base, "static")
