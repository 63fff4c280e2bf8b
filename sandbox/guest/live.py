"""The candidate's side of a session: its objects stay here, and operations on them are requested.

Candidate code shares this process, so the harness believes no answer. Values that are neither plain
data nor containers are numbered, and described when they are mentioned for the first time. The
tests' own objects are stand-ins here (`sandbox/guest/stand_ins/`).
"""

import builtins
import copy
import functools
import inspect
import math
import operator
import sys
import types
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, TypeVar

from nova_code_verifier.sandbox.guest.awaiting import Awaiting
from nova_code_verifier.sandbox.guest.patched import Patched
from nova_code_verifier.sandbox.guest.stand_ins.making import number_of as stand_in_number
from nova_code_verifier.sandbox.guest.stand_ins.making import stand_in
from nova_code_verifier.sandbox.guest.surroundings import Surroundings, provide
from nova_code_verifier.sandbox.protocol import encoding, shared_types
from nova_code_verifier.sandbox.protocol.conversation import Answer, Request, Side
from nova_code_verifier.sandbox.protocol.encoding import EncodingError, Walk
from nova_code_verifier.sandbox.protocol.library_exceptions import write_details
from nova_code_verifier.sandbox.protocol.mirrored_errors import ERROR
from nova_code_verifier.sandbox.protocol.mirrors import KINDS, Kind, Mirrors, SubclassKind, Tree
from nova_code_verifier.sandbox.protocol.peer import Body, Peer
from nova_code_verifier.sandbox.protocol.scientific import ScientificValues

_TEXT_MAX = 500
_OF_FUNCTIONS = (*functools.WRAPPER_ASSIGNMENTS, "__wrapped__")
_NAMES_MAX = 1000
_MESSAGE_BYTES_MAX = 2**31

_FUNCTION_NAMES: dict[types.ModuleType, str] = {
    operator: """
        add and_ contains eq floordiv ge getitem gt iadd iand ifloordiv ilshift imatmul imod imul
        ior ipow irshift isub itruediv ixor le lshift lt matmul mod mul ne or_ pow rshift sub
        truediv xor setitem delitem abs neg pos invert index
    """,
    builtins: """
        getattr setattr delattr len bool str repr int float complex bytes hash format round divmod
        iter reversed next dir
    """,
    math: "trunc floor ceil",
    copy: "copy deepcopy",
}
_OPERATIONS: dict[str, Callable[..., object]] = {
    "call": lambda function, /, *args, **kwargs: function(*args, **kwargs),
    "method": lambda owner, name, /, *args, **kwargs: getattr(owner, name)(*args, **kwargs),
    "enter": lambda context: type(context).__enter__(context),
    "exit": lambda context, *error: type(context).__exit__(context, *_raised(*error)),
}
for _module, _names in _FUNCTION_NAMES.items():
    _OPERATIONS |= {name.rstrip("_"): getattr(_module, name) for name in _names.split()}


_AWAITABLES: dict[str, Callable[..., Any]] = {
    "await": lambda awaitable: awaitable,
    "aenter": lambda context: type(context).__aenter__(context),
    "aexit": lambda context, *error: type(context).__aexit__(context, *_raised(*error)),
}


def _raised(kind: Any = None, error: Any = None, _: object = None) -> tuple[Any, Any, Any]:  # noqa: ANN401
    """Return what `__exit__` gets: with a traceback, as if the error had been raised here."""
    if not isinstance(error, BaseException):
        return kind, error, None
    try:
        raise error  # noqa: TRY301  (to get a traceback)
    except BaseException as caught:  # noqa: BLE001  (the tests' error, of any class)
        return kind, error, caught.__traceback__


class LiveSession(Side):
    """The candidate's objects, by number."""

    takes = frozenset(KINDS)

    def __init__(self, peer_fd: int, names: dict[str, Any]) -> None:
        """Prepare to serve the module with these global *names*: in a zygote, for its guests."""
        self._names = names
        self._around = Surroundings(names)
        self._around.write_object = self._write_warning
        self._around.read_object = lambda tree: self._objects[tree["h"]]
        self._numbers: dict[int, int] = {}
        self._objects: dict[int, object] = {}
        self._descriptions: list[dict[str, object]] = []
        self._count = 0
        self._stand_ins: dict[int, object] = {}
        self._shared: frozenset[str] = frozenset()
        self._node_kind = shared_types.NodeKind()
        self._scientific = ScientificValues()
        self._subclass_kinds = {
            base: SubclassKind(kind, self._number_of) for base, kind in KINDS.items()
        }
        self.mirrors = Mirrors(self, forgets=False)
        self.peer = Peer(peer_fd, self, bytes_max=_MESSAGE_BYTES_MAX, first_thread=-1)
        awaiting = Awaiting(_AWAITABLES)
        self._operations = (
            _OPERATIONS
            | awaiting.operations
            | Patched(names).operations
            | {
                "name": self._name,
                "share": self._share,
                "provide": lambda imports: provide(self._names, imports),
                "take": _take,
                "aiter": aiter,
                "anext": lambda items: awaiting.run(anext(items)),
                "signature": _signature,
                "base": _base,
                "fields": _fields,
                "subclass": self._make_subclass,
                "reserve": self._reserve,
                "source": self._source,
                "pickle": _pickle,
                "unpickle": _unpickle,
            }
        )

    def begin(self) -> None:
        """Collect what the program does around its calls. Call this before it is loaded."""
        self._around.install()

    def serve_tests(self) -> None:
        """Answer the harness's requests until it ends. Call this when the module is loaded.

        What cannot be read ends the conversation: the harness must not wait for an answer.
        """
        try:
            self.peer.serve_main_thread()
        finally:
            self.peer.close()

    # -- the conversation --------------------------------------------------------------

    def enter(self, request: Request) -> None:
        """Do what the tests have changed around the call."""
        if request.around is not None:
            self._around.apply(request.around)

    def perform(self, operation: str, operands: list[Any], keywords: dict[str, Any]) -> object:
        """Perform an operation on the candidate's objects; raise what it raises."""
        return self._operations[operation](*operands, **keywords)

    def begin_message(self) -> Body:
        """Say what happened around the call."""
        around = self._around.collect()
        return {} if around is None else {"around": around}

    def end_message(self, fields: Body) -> Body:
        """Add the descriptions of objects that the message mentions first."""
        if self._descriptions:
            fields["met"], self._descriptions = self._descriptions, []
        return fields

    def note_message(self, _message: Request | Answer, body: Body, _payload: bytes) -> None:
        """Drop the objects that the tests do not use any more."""
        self._release(body.get("free", ()))

    def add_held(self, fields: Body, seen: Sequence[Any], result_id: int) -> None:
        """Say which containers the candidate holds."""
        held = self.mirrors.held(seen, result_id)
        if held:
            fields["held"] = held

    # -- operations of our own ---------------------------------------------------------

    def _name(self, name: str) -> object:
        if name == "*":
            return [own for own in self._names if not own.startswith("__")]
        if name not in self._names:
            raise NameError(f"name {name!r} is not defined")
        return self._names[name]

    def _share(self, names: Iterable[str]) -> None:
        self._shared = frozenset(names)

    def _release(self, numbers: Iterable[int]) -> None:
        for number in numbers:
            value = self._objects.pop(number, self)
            if value is not self:
                self._numbers.pop(id(value), None)

    def _source(self) -> str:
        source: str = self._names["__loader__"].get_source("solution")
        return source

    def _write_warning(self, warning: object) -> Tree:
        return {"class": self._number_of(type(warning)), "h": self._number_of(warning)}

    def _reserve(self) -> int:
        self._count += 1
        return self._count

    def _make_subclass(self, number: int, *description: Any, **keywords: Any) -> None:  # noqa: ANN401  (see `_subclass`)
        """Make a class, to which the tests have given a reserved number."""
        kind = _subclass(*description, **keywords)
        self._numbers[id(kind)] = number
        self._objects[number] = kind

    def ask_tests(
        self, operation: str, number: int, /, *operands: object, **keywords: object
    ) -> object:
        """Ask the tests to perform an operation on an object of theirs."""
        answer: Answer = self.ask(operation, (number, *operands), keywords)
        if answer.around is not None:
            self._around.apply(answer.around)
        if answer.error is not None:
            raise answer.error
        return answer.value

    # -- values ------------------------------------------------------------------------

    def kind_of(self, value: object) -> Kind | None:
        """Return how an object is mirrored: a node of a shared class, or a kind of container."""
        kind = type(value)
        if self._is_shared(kind):
            return self._node_kind if shared_types.is_node(kind) else None
        if ERROR.fits(kind):
            return ERROR
        scientific = self._scientific.kind_of(kind)
        if scientific is not None:
            return scientific
        for base, mirrored in self._subclass_kinds.items():
            if issubclass(kind, base) and kind is not base:
                return mirrored
        return None

    def new_object(self, tag: str, content: Tree) -> tuple[object, Kind]:
        """Make an empty node of a shared class."""
        if tag == ERROR.tag:
            return ERROR.new(content), ERROR
        scientific = self._scientific.new(tag, content)
        if scientific is not None:
            return scientific
        if tag != self._node_kind.tag:
            raise EncodingError("an unknown tag")
        return self._node_kind.new(content, self._names), self._node_kind

    def write_value(self, value: Any) -> Tree:  # noqa: ANN401  (narrowed by type)
        """Write a value: plain data by value, other objects by number."""
        number = stand_in_number(value)
        if number is not None:
            return {"own": number}
        return encoding.to_tree(value, self)

    def read_value(self, tag: str, content: Tree) -> object:
        """Read a value that the tests sent."""
        if tag == "h":
            return self._objects[content]
        return encoding.from_tree({tag: content}, self)

    def to_tree(self, value: Any, _walk: Walk, plain: Callable[[], object] | None) -> object:  # noqa: ANN401
        """Write an object as its number, with the plain data that it is an instance of, if any."""
        if self._is_shared(type(value)):
            tree = shared_types.write_shared_value(value, self.mirrors.write)
            if tree is not None:
                return tree
        if KINDS.get(type(value)) or self.kind_of(value):
            return self.mirrors.write(value)
        tree = self._scientific.write(value, self.mirrors.write)
        if tree is not None:
            return tree
        name = shared_types.name_of_builtin(value)
        if name is not None:
            return {"builtin": name}
        number = self._number_of(value)
        if isinstance(value, BaseException):
            return {"fault": self._fault(value, number)}
        return {"h": number} if plain is None else {"sub": [number, plain()]}

    def _fault(self, error: BaseException, number: int) -> list[object]:
        """Describe an exception of one of the candidate's classes."""
        try:
            text = str(error)[:_TEXT_MAX]
        except BaseException:  # noqa: BLE001  (the candidate's exception may do anything)
            text = ""
        return [
            number,
            self._number_of(type(error)),
            text,
            write_details(error, self.mirrors.write),
        ]

    def from_tree(self, tag: str, content: Any, _walk: Walk) -> object:  # noqa: ANN401, PLR0911  (JSON; one return a tag)
        """Read what is no plain data."""
        match tag:
            case "h":
                return self._objects[content]
            case "member" | "row":
                return shared_types.read_shared_value(tag, content, self._names, self.mirrors.read)
            case "m" | "t":
                return self.mirrors.read({tag: content})
            case "method":
                owner, name = content
                return getattr(self.mirrors.read(owner), name)
            case "own":
                return self._stand_in(*content)
            case "numpy" | "pandas":
                return self._scientific.read(tag, content, self.mirrors.read)
            case "py":
                return _import(*content)
            case "made":
                path, arguments, keywords = content
                make: Any = _import(*path)
                return make(*self.mirrors.read(arguments), **self.mirrors.read(keywords))
        raise EncodingError("an unknown tag")

    def _stand_in(self, number: int, description: Any = None) -> object:  # noqa: ANN401  (JSON)
        if description is not None:
            self._stand_ins[number] = stand_in(
                description, number, self.ask_tests, self.mirrors.read
            )
        return self._stand_ins[number]

    def _is_shared(self, kind: type) -> bool:
        return kind.__name__ in self._shared and self._names.get(kind.__name__) is kind

    def _number_of(self, value: object) -> int:
        """Return the number of an object. Describe an object that has none yet."""
        number = self._numbers.get(id(value))
        if number is None:
            self._count += 1
            number = self._numbers[id(value)] = self._count
            self._objects[number] = value
            description: dict[str, object] = {"number": number}
            self._descriptions.append(description)
            description |= self._describe(value)
        return number

    def _describe(self, value: Any) -> dict[str, object]:  # noqa: ANN401  (the candidate's)
        if isinstance(value, type):
            return self._describe_class(value)
        kind = type(value)
        is_iterator = kind.__module__ == "builtins" and hasattr(kind, "__next__")
        name = _OBJECT_KINDS.get(kind) or ("iterator" if is_iterator else "instance")
        if name == "instance":
            own: dict[str, object] = {"kind": name, "class": self._number_of(kind)}
            return own | _hash_of(value, kind) | _special_names_of(value)
        described: dict[str, object] = {"kind": name, "name": _text(value, "__name__")}
        if name == "function":
            described |= {
                "qualname": _text(value, "__qualname__"),
                "module": _text(value, "__module__"),
                "doc": _doc(value),
                "flags": _flags_of(value),
                "line": _line_of(value),
                "is_method": kind is types.MethodType,
            }
        if name not in ("module", "coroutine"):
            described["library"] = _library_name(kind)
        return described

    def _describe_class(self, value: type) -> dict[str, object]:
        mro = type.__dict__["__mro__"].__get__(value)
        own = [(base, vars(base)) for base in mro if base is not object]
        found = {name: item for _, names in reversed(own) for name, item in names.items()}
        # Without those that the class disables, as `__hash__ = None` does.
        enabled = [name for name, item in found.items() if item is not None]
        beside = {name for base, names in own if base.__module__ != "builtins" for name in names}
        described = {
            "kind": "class",
            "is_shared": self._is_shared(value),
            "name": str(type.__dict__["__name__"].__get__(value))[:_TEXT_MAX],
            "bases": [self._base(base) for base in mro[1:]],
            "direct": [self._base(base) for base in type.__dict__["__bases__"].__get__(value)],
            "specials": sorted(shared_types.SPECIAL_METHODS.intersection(enabled)),
            "own": sorted(
                (shared_types.SPECIAL_METHODS | {"__init__", "__missing__"}).intersection(beside)
            ),
            "methods": [name[:_TEXT_MAX] for name, item in found.items() if _is_method(name, item)][
                :_NAMES_MAX
            ],
            "doc": _doc(value),
            "bindings": {
                name[:_TEXT_MAX]: _BINDING_NAMES[type(item)]
                for name, item in found.items()
                if type(item) in _BINDING_NAMES
            },
        }
        if type(value).__instancecheck__ is not type.__instancecheck__:
            described["decides"] = True
        abstract = vars(value).get("__abstractmethods__")
        if type(abstract) is frozenset and abstract:
            described["abstract"] = sorted(map(str, abstract))[:_NAMES_MAX]
        library = _library_name(value)
        return described if library is None else described | {"library": library}

    def _base(self, base: type) -> object:
        if getattr(builtins, base.__name__, None) is base:
            return base.__name__
        return _library_name(base) or self._number_of(base)


def _library_name(kind: type) -> list[str] | None:
    """Return the module and name of a class of the standard library."""
    module, name = kind.__module__, kind.__qualname__
    if type(module) is not str or type(name) is not str:
        return None
    if module.partition(".")[0] not in sys.stdlib_module_names or module == "__main__":
        return None
    return [module, name] if getattr(sys.modules.get(module), name, None) is kind else None


def _hash_of(value: Any, kind: type) -> dict[str, object]:  # noqa: ANN401  (the candidate's)
    """Return the hash of an object whose class defines one: a key of a dict needs it at once."""
    if kind.__hash__ in _NO_OWN_HASH:
        return {}
    try:
        return {"hash": hash(value)}
    except BaseException:  # noqa: BLE001  (the candidate's object may do anything)
        return {}


_NO_OWN_HASH: tuple[object, ...] = (None, object.__hash__, BaseException.__hash__)


def _special_names_of(value: object) -> dict[str, object]:
    """Return the names that only classes and functions have, and an object that stands for one."""
    if isinstance(value, property | functools.cached_property):
        return {"special_names": ["__doc__"]}
    if isinstance(value, TypeVar):
        return {"special_names": ["__name__"]}
    try:
        names = object.__getattribute__(value, "__dict__")
    except AttributeError:
        return {}
    if type(names) is not dict or "__name__" not in names:
        return {}
    return {"special_names": [name for name in _OF_FUNCTIONS if name in names]}


def _line_of(value: object) -> int:
    code = getattr(getattr(value, "__func__", value), "__code__", None)
    return int(getattr(code, "co_firstlineno", 1))


def _text(value: object, name: str) -> str:
    try:
        return str(getattr(value, name, ""))[:_TEXT_MAX]
    except BaseException:  # noqa: BLE001  (the candidate's object may do anything)
        return ""


def _doc(value: object) -> str | None:
    try:
        doc = value.__doc__
    except BaseException:  # noqa: BLE001  (the candidate's object may do anything)
        return None
    return doc[: 20 * _TEXT_MAX] if type(doc) is str else None


def _flags_of(value: object) -> int:
    function: Any = getattr(value, "__func__", value)
    code = getattr(function, "__code__", None)
    own = code or getattr(inspect.unwrap(function), "__code__", None)
    return int(getattr(own, "co_flags", 0))


def _pickle(value: object) -> bytes:
    import pickle  # noqa: PLC0415  (few tests need it)

    return pickle.dumps(value)


def _unpickle(data: bytes) -> object:
    import pickle  # noqa: PLC0415  (as above)

    return pickle.loads(data)  # noqa: S301  (the candidate's own, in its own process)


def _take(items: Iterator[object], count: int) -> list[object]:
    """Return up to *count* items; fewer only if there are no more."""
    return list(islice(items, count))


def _base(kind: type, name: str, value: object, /, *args: object, **kwargs: object) -> object:
    """Call the method of a class itself, for `super()` in a class of the tests."""
    found: Any = inspect.getattr_static(kind, name)
    if isinstance(found, property):
        return found.__get__(value, type(value))
    bound = (None, value) if isinstance(found, classmethod) else (value, type(value))
    return found.__get__(*bound)(*args, **kwargs)


def _fields(kind: type) -> list[tuple[object, ...]] | None:
    """List the fields of a dataclass; return None if it is none."""
    fields = vars(kind).get("__dataclass_fields__") or getattr(kind, "__dataclass_fields__", None)
    if fields is None:
        return None
    dataclasses = sys.modules["dataclasses"]
    missing = dataclasses.MISSING
    flags = ("init", "repr", "hash", "compare", "kw_only")
    return [
        (
            field.name,
            field.type,
            field.default is not missing,
            None if field.default is missing else field.default,
            field.default_factory is not missing,
            None if field.default_factory is missing else field.default_factory,
            {flag: getattr(field, flag) for flag in flags},
        )
        for field in dataclasses.fields(kind)
    ]


def _subclass(
    name: str, bases: tuple[type, ...], *items: tuple[str, str, Any], **keywords: object
) -> type:
    """Make the class that the tests derive from classes of the candidate's."""

    def fill(names: dict[str, Any]) -> None:
        for key, binding, value in items:
            names[key] = _BINDINGS[binding](value)

    return types.new_class(name, bases, keywords, fill)


_BINDING_NAMES: dict[type, str] = {
    staticmethod: "static",
    classmethod: "class",
    property: "property",
}
_BINDINGS: dict[str, Callable[[Any], Any]] = {
    "": lambda value: value,
    "static": staticmethod,
    "class": classmethod,
    "property": lambda functions: property(*functions),
}


def _signature(value: Any) -> list[tuple[object, ...]]:  # noqa: ANN401  (the candidate's)
    """List the parameters of a callable: name, kind, and default and annotation, if any."""
    signature = inspect.signature(value)
    empty = inspect.Parameter.empty
    listed: list[tuple[object, ...]] = [
        (
            parameter.name,
            int(parameter.kind),
            parameter.default is not empty,
            None if parameter.default is empty else parameter.default,
            parameter.annotation is not empty,
            None if parameter.annotation is empty else parameter.annotation,
        )
        for parameter in signature.parameters.values()
    ]
    returns = signature.return_annotation
    return [*listed, (returns is not empty, None if returns is empty else returns)]


_OBJECT_KINDS = {
    types.FunctionType: "function",
    types.BuiltinFunctionType: "function",
    types.MethodType: "function",
    functools.partial: "function",
    type(functools.lru_cache(lambda: None)): "function",
    types.GeneratorType: "generator",
    types.CoroutineType: "coroutine",
    types.ModuleType: "module",
}


def _is_method(name: str, item: object) -> bool:
    plainly = type(item).__name__ in ("function", "staticmethod", "classmethod")
    return plainly and not (name.startswith("__") and name.endswith("__"))


def _import(module: str, *path: str) -> object:
    """Return an object of a library that a test passes to the candidate."""
    __import__(module)
    found: Any = sys.modules[module]
    for name in path:
        found = getattr(found, name)
    return found
