"""Proxies for what the candidate's answers mention: by their numbers, from unbelieved descriptions.

In: descriptions of the candidate's objects. Out: one proxy for each object, and exceptions.
"""

import builtins
import sys
import types
import weakref
from collections.abc import Mapping
from functools import partial
from typing import Any

from nova_code_verifier.sandbox.protocol.encoding import EncodingError
from nova_code_verifier.sandbox.protocol.library_types import write_type
from nova_code_verifier.sandbox.protocol.mirrors import KINDS, Kind, SubclassKind, Tree
from nova_code_verifier.sandbox.protocol.shared_types import SPECIAL_METHODS
from nova_code_verifier.verifier.test_code.harness.exported_kinds import REFUSED_PACKAGES
from nova_code_verifier.verifier.test_code.harness.function_proxies import FunctionProxy
from nova_code_verifier.verifier.test_code.harness.library_names import is_library
from nova_code_verifier.verifier.test_code.harness.proxies import (
    ITERATORS,
    REF,
    Session,
    own_names,
)
from nova_code_verifier.verifier.test_code.harness.proxy_classes import (
    PLAIN_BASES,
    ProxyClass,
    new_class,
)

_DESCRIPTIONS_MAX = 200_000
_TEXT_MAX = 10_000
# Without those that would end the run instead of the test item.
_EXCEPTIONS = {
    name: kind
    for name, kind in vars(builtins).items()
    if isinstance(kind, type)
    and issubclass(kind, BaseException)
    and not issubclass(kind, KeyboardInterrupt | GeneratorExit)
}
_BASES = {kind.__name__: kind for kind in PLAIN_BASES} | _EXCEPTIONS
_CONTAINERS = (list, dict, set)
# No plain data: an object that claims to be such a one takes nobody in.
_CLAIMED_BUILTINS = frozenset({
    "classmethod", "enumerate", "filter", "map", "property", "reversed", "staticmethod", "zip",
})  # fmt: skip


class ProxyTable:
    """Makes one proxy for each object of the candidate's, for as long as the tests use it."""

    def __init__(self, session: Session, shared: Mapping[str, type]) -> None:
        """Make proxies for *session*. Tests and candidate have the *shared* classes in common."""
        self._session = session
        self._shared = shared
        self._released: list[int] = []
        self._described: dict[int, dict[str, Tree]] = {}
        self._proxies: dict[int, Tree] = {}
        self._weak: dict[int, weakref.ref[Any]] = {}
        self._kinds = {base: SubclassKind(KINDS[base], _number_of) for base in _CONTAINERS}

    def describe(self, descriptions: Tree) -> None:
        """Keep descriptions of objects. Raises EncodingError."""
        for description in descriptions if type(descriptions) is list else []:
            if type(description) is dict and type(description.get("number")) is int:
                if len(self._described) >= _DESCRIPTIONS_MAX:
                    raise EncodingError("too many objects")
                self._described.setdefault(description["number"], description)

    def proxy(self, number: Tree) -> Any:  # noqa: ANN401  (a proxy for anything)
        """Return the proxy for the object of that number. Raises EncodingError."""
        if type(number) is not int:
            raise EncodingError("no number of an object")
        weak = self._weak.get(number)
        proxy = self._proxies.get(number) if weak is None else weak()
        if proxy is None:
            proxy = self._new_proxy(number)
            self._keep(number, proxy)
        return proxy

    def _keep(self, number: int, proxy: object) -> None:
        if not isinstance(proxy, type):
            try:
                self._weak[number] = weakref.ref(proxy, partial(self._forget, number))
            except TypeError:
                pass  # an object of this type cannot tell when it is dropped
            else:
                return
        self._proxies[number] = proxy

    def _forget(self, number: int, _: object) -> None:
        self._weak.pop(number, None)
        self._released.append(number)

    def take_released(self) -> list[int]:
        """Return the numbers of the objects that the tests do not use any more, each once."""
        if not self._released:
            return []
        numbers = [number for number in set(self._released) if number not in self._weak]
        self._released.clear()
        for number in numbers:
            self._described.pop(number, None)
        return sorted(numbers)

    def adopt(self, number: Tree, kind: ProxyClass) -> None:
        """Let a class of the tests stand for the candidate's one. Raises EncodingError."""
        if type(number) is not int or number in self._proxies:
            raise EncodingError("no number of a new class")
        self._proxies[number] = kind
        type.__setattr__(kind, REF, number)

    def library_module(self, proxy: object) -> types.ModuleType | None:
        """Return the module of the library that a proxy claims to stand for; None if it does not.

        Use it where the tests name it: elsewhere it could pass for an object of the candidate's.
        """
        number = own_names(proxy).get(REF) if isinstance(type(proxy), ProxyClass) else None
        description = self._described.get(number, {}) if type(number) is int else {}
        name = description.get("name") if description.get("kind") == "module" else None
        module = sys.modules.get(name) if is_library(name) and type(name) is str else None
        return module if isinstance(module, types.ModuleType) else None

    def _new_proxy(self, number: int) -> object:
        description = self._described.get(number, {})
        proxy: object
        match description.get("kind"):
            case "class":
                return self.class_of(number)
            case "iterator" | "generator" | "coroutine" as iterator:
                claimed = _library_class(description.get("library"))
                return ITERATORS[iterator](self._session, number, claimed)
            case "function":
                claimed = _library_class(description.get("library"))
                return FunctionProxy(self._session, number, description, claimed)
            case "module":
                kind: Tree = new_class(self._session, "module")
            case _:
                kind = self.class_of(description.get("class"))
        proxy = _new(kind)
        own_names(proxy).update({REF: number, "_hash_": description.get("hash")})
        if "special_names" in description:
            own_names(proxy)["_special_names_"] = _texts(description["special_names"])
        return proxy

    def class_of(self, number: Tree) -> Tree:
        """Return the proxy for a class, or the tests' own class if both sides share it."""
        kind = self._proxies.get(number) if type(number) is int else None
        if not isinstance(kind, type):
            described = self._described.get(number, {}) if type(number) is int else {}
            description = described if described.get("kind") == "class" else {}
            # Before its bases are looked up: a class may claim to be its own base.
            self._proxies[number] = new_class(self._session, "object")
            kind = self._shared_exception(description) or self._new_class(description)
            self._proxies[number] = kind
            if isinstance(kind, ProxyClass):
                type.__setattr__(kind, REF, number)
        return kind

    def _shared_exception(self, description: dict[str, Tree]) -> type | None:
        name = description.get("name") if description.get("is_shared") is True else None
        kind = self._shared.get(name) if type(name) is str else None
        return kind if kind is not None and issubclass(kind, BaseException) else None

    def _new_class(self, description: dict[str, Tree]) -> type:
        bases = self._bases(description.get("bases"))
        doc, abstract = description.get("doc"), _texts(description.get("abstract"))
        direct = description.get("direct")
        kind = new_class(
            self._session,
            str(description.get("name", "object")),
            tuple(base for base in bases if isinstance(base, ProxyClass) or _is_real(base)),
            SPECIAL_METHODS.intersection(_texts(description.get("specials"))),
            frozenset(_texts(description.get("methods"))),
            own=frozenset(_texts(description.get("own"))),
            library=[base for base in bases if not _is_real(base) and base is not object],
            direct=self._bases(direct) if type(direct) is list else None,
            claimed=_library_class(description.get("library")),
            doc=doc if type(doc) is str else None,
            bindings=_bindings(description.get("bindings")),
            decides=description.get("decides") is True,
        )
        if abstract:
            type.__setattr__(kind, "__abstractmethods__", frozenset(abstract))
        return kind

    def _bases(self, claimed: Tree) -> list[type]:
        bases = map(self._base, claimed if type(claimed) is list else [])
        return list(dict.fromkeys(base for base in bases if base is not None))

    def _base(self, base: Tree) -> type | None:
        if type(base) is int:
            kind: type = self.class_of(base)
            return kind
        if type(base) is list:
            return _library_class(base)
        return _BASES.get(base) if type(base) is str else None

    # -- subclasses of plain data ------------------------------------------------------

    def _class_of_instance(self, number: Tree) -> type:
        if type(number) is not int:
            raise EncodingError("no number of an object")
        kind: type = self.class_of(self._described.get(number, {}).get("class"))
        return kind

    def plain_subclass(self, number: Tree, plain: Tree) -> object:
        """Return plain data that has, in addition, the methods that its subclass defines."""
        kind = self._class_of_instance(number)
        base: Any = type(plain)
        if not issubclass(kind, base) or base not in PLAIN_BASES or base in _CONTAINERS:
            return plain
        weak = self._weak.get(number)
        known = self._proxies.get(number) if weak is None else weak()
        if type(known) is kind and base.__eq__(known, plain) is True:
            return known
        value = base.__new__(kind, plain)
        own_names(value)[REF] = number
        self._keep(number, value)
        return value

    def subclass_kind(self, kind: type) -> Kind | None:
        """Return how proxies of this class are mirrored, if they are containers."""
        return next((known for base, known in self._kinds.items() if issubclass(kind, base)), None)

    def new_container(self, content: Tree) -> tuple[object, Kind]:
        """Return an empty proxy for an instance of a subclass of a container."""
        number, _ = content
        kind = self._class_of_instance(number)
        mirrored = self.subclass_kind(kind)
        if mirrored is None:
            raise EncodingError("no subclass of a container")
        base = next(base for base in self._kinds if issubclass(kind, base))
        container: object = base.__new__(kind)
        own_names(container)[REF] = number
        self._proxies[number] = container
        return container, mirrored

    # -- exceptions --------------------------------------------------------------------

    def exception(self, number: Tree, kind: Tree, text: Tree) -> BaseException:
        """Return the exception of that number and class, without its arguments and fields."""
        if type(number) is not int or type(kind) is not int:
            raise EncodingError("no number of an object")
        proxy_class = self.class_of(kind)
        if not issubclass(proxy_class, BaseException):
            raise EncodingError("no class of exceptions")
        known = self._proxies.get(number)
        if isinstance(known, BaseException) and type(known) is proxy_class:
            return known
        mro: tuple[Tree, ...] = proxy_class.__mro__
        builtin = next(base for base in mro if base.__module__ == "builtins")
        error: BaseException = builtin.__new__(proxy_class)
        own_names(error)[REF] = number
        own_names(error)["_text_"] = str(text)[:_TEXT_MAX]
        self._proxies[number] = error
        return error


def _number_of(proxy: object) -> object:
    return own_names(proxy)[REF]


def _new(kind: Any) -> object:  # noqa: ANN401  (a class of proxies)
    """Make an instance, without the `__new__` of a base in the library."""
    base = next((base for base in (*PLAIN_BASES, BaseException) if issubclass(kind, base)), object)
    return base.__new__(kind)


def _is_real(base: type) -> bool:
    """Return whether a base determines what an instance is made of: no class of the library."""
    return isinstance(base, ProxyClass) or base in PLAIN_BASES or issubclass(base, BaseException)


def _library_class(name: Tree) -> type | None:
    """Return the class of the library that the candidate names, if this process has loaded it."""
    if type(name) is not list or len(name) != 2 or not all(type(part) is str for part in name):  # noqa: PLR2004  (a module, and a name)
        return None
    module, qualified = name
    if not is_library(module) or module.partition(".")[0] in REFUSED_PACKAGES:
        return None
    kind = vars(sys.modules[module]).get(qualified) if module in sys.modules else None
    if isinstance(kind, type) and issubclass(kind, BaseException):
        return None if write_type(kind) is None else kind
    is_usable = module != "builtins" or qualified in _CLAIMED_BUILTINS
    return kind if isinstance(kind, type) and is_usable else None


def _texts(claimed: Tree) -> list[str]:
    return [text for text in claimed if type(text) is str] if type(claimed) is list else []


def _bindings(claimed: Tree) -> dict[str, Tree]:
    # Python itself calls some special methods of a class, such as `__init_subclass__`.
    found = claimed.items() if type(claimed) is dict else ()
    return {name: binding for name, binding in found if not name.startswith("__")}
