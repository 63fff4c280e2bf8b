"""The proxies of a session, by the numbers that the candidate's guest gave to its objects.

In: the descriptions of objects in the guest's answers, none of which is believed. Out: proxies and
exceptions.
"""

import builtins
from collections.abc import Iterable, Mapping

from nova_code_verifier.sandbox.protocol.shared_types import SPECIAL_METHODS
from nova_code_verifier.verifier.test_code.harness.pending import Session
from nova_code_verifier.verifier.test_code.harness.proxies import (
    PLAIN_BASES,
    REF,
    CoroutineProxy,
    GeneratorProxy,
    IteratorProxy,
    ProxyClass,
    new_class,
)
from nova_code_verifier.verifier.test_code.harness.transcript import Answer
from nova_code_verifier.verifier.test_code.protocol import Tree

# Without those that would end the run instead of the test item.
_EXCEPTIONS = {
    name: kind
    for name, kind in vars(builtins).items()
    if isinstance(kind, type)
    and issubclass(kind, BaseException)
    and not issubclass(kind, KeyboardInterrupt | GeneratorExit)
}
_BASES = {kind.__name__: kind for kind in PLAIN_BASES} | _EXCEPTIONS


class ProxyTable:
    """Makes one proxy for each object of the candidate's."""

    def __init__(
        self, session: Session, shared: Mapping[str, type], answers: Iterable[Answer | None]
    ) -> None:
        """Make proxies for *session*, of the objects that *answers* describe."""
        self.shared = shared
        self._session = session
        self._described: dict[int, dict[str, Tree]] = {}
        self._proxies: dict[int, Tree] = {}
        for answer in answers:
            met = answer.body.get("met") if answer else None
            for description in met if type(met) is list else []:
                if type(description) is dict and type(description.get("number")) is int:
                    self._described.setdefault(description["number"], description)

    def proxy(self, number: int, ref: list[int]) -> object:
        """Return the proxy for the object of that number, which *ref* refers to."""
        if number not in self._proxies:
            self._proxies[number] = self._new_proxy(number, ref)
        return self._proxies[number]

    def _new_proxy(self, number: int, ref: list[int]) -> object:
        description = self._described.get(number, {})
        match description.get("kind"):
            case "class":
                return self.class_of(number, ref)
            case "iterator":
                return IteratorProxy(self._session, ref)
            case "generator":
                return GeneratorProxy(self._session, ref)
            case "coroutine":
                return CoroutineProxy(self._session, ref)
            case "function" | "module":
                kind: Tree = new_class(self._session, "function", (), frozenset({"__call__"}))
                names = {"__name__": str(description.get("name", ""))}
            case _:
                kind, names = self.class_of(description.get("class")), {}
        proxy: object = kind.__new__(kind)
        proxy.__dict__[REF] = ref
        proxy.__dict__.update(names)
        return proxy

    def class_of(self, number: Tree, ref: list[int] | None = None) -> Tree:
        """Return the proxy for a class, or the tests' own class if both sides share it."""
        kind = self._proxies.get(number)
        if not isinstance(kind, type):
            described = self._described.get(number, {})
            description = described if described.get("kind") == "class" else {}
            # Before its bases are looked up: a class may claim to be its own base.
            self._proxies[number] = new_class(self._session, "object", (), frozenset())
            kind = self._shared_exception(description) or self._new_class(description)
            self._proxies[number] = kind
        if ref is not None and REF not in kind.__dict__:
            type.__setattr__(kind, REF, ref)
        return kind

    def _shared_exception(self, description: dict[str, Tree]) -> type | None:
        name = description.get("name") if description.get("is_shared") is True else None
        kind = self.shared.get(name) if type(name) is str else None
        return kind if kind is not None and issubclass(kind, BaseException) else None

    def _new_class(self, description: dict[str, Tree]) -> ProxyClass:
        claimed = description.get("bases")
        bases = [self._base(base) for base in (claimed if type(claimed) is list else [])]
        return new_class(
            self._session,
            str(description.get("name", "object")),
            tuple(dict.fromkeys(base for base in bases if base is not None)),
            SPECIAL_METHODS.intersection(_texts(description.get("specials"))),
            frozenset(_texts(description.get("methods"))),
        )

    def _base(self, base: Tree) -> type | None:
        if type(base) is int:
            kind: type = self.class_of(base)
            return kind
        return _BASES.get(base) if type(base) is str else None

    def plain_subclass(self, number: int, ref: list[int], plain: Tree) -> object:
        """Return plain data that has, in addition, the methods that its subclass defines."""
        kind = self.class_of(self._described.get(number, {}).get("class"))
        base = type(plain)
        if not issubclass(kind, base) or base not in PLAIN_BASES:
            return plain
        if base in (list, dict, set):
            value = base.__new__(kind)
            base.__init__(value, plain)
        else:
            value = base.__new__(kind, plain)
        value.__dict__[REF] = ref
        return value

    def exception(self, raised: dict[str, Tree], args: Tree, ref: list[int]) -> BaseException:
        """Return the exception that was raised: by name, or a proxy."""
        kind = raised.get("class")
        arguments = args if type(args) is list else [str(raised.get("text", ""))]
        if type(kind) is str and kind in _EXCEPTIONS:
            try:
                return _EXCEPTIONS[kind](*arguments)
            except TypeError:  # UnicodeDecodeError takes certain arguments only
                return Exception(*arguments)
        proxy_class = self.class_of(kind) if type(kind) is int else Exception
        if not issubclass(proxy_class, BaseException):
            proxy_class = type("Interrupt", (BaseException,), {})
        mro: tuple[Tree, ...] = proxy_class.__mro__
        builtin = next(base for base in mro if base.__module__ == "builtins")
        error: BaseException = builtin.__new__(proxy_class, *arguments)
        BaseException.args.__set__(error, tuple(arguments))  # type: ignore[attr-defined]
        error.__dict__[REF] = ref
        error.__dict__["_text_"] = str(raised.get("text", ""))
        return error


def _texts(claimed: Tree) -> list[str]:
    return [text for text in claimed if type(text) is str] if type(claimed) is list else []
