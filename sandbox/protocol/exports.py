"""Descriptions of the tests' objects, for their stand-ins in a candidate's guest.

The harness writes them (`harness/exports.py`), and the candidate's guest makes stand-ins of them
(`sandbox/guest/stand_ins`). A description is JSON. A value in it is a tree of the session, written
by its `walk`, or None if the value does not travel.
"""

from collections.abc import Callable
from enum import StrEnum
from typing import NotRequired, Protocol, TypedDict

Walk = Callable[[object], object]
"""Writes a value as a tree, or reads a tree as a value."""


class Kind(StrEnum):
    """The kinds of stand-ins. Each kind of object has its own list of what may be used."""

    FUNCTION = "function"
    CLASS = "class"
    INSTANCE = "instance"
    MEMBER = "member"  # of an enumeration
    ROW = "row"  # a named tuple
    ERROR = "error"  # an exception
    MOCK = "mock"
    STREAM = "stream"
    ITERATOR = "iterator"
    GENERATOR = "generator"
    COROUTINE = "coroutine"
    ASYNC_GENERATOR = "async_generator"
    OPAQUE = "opaque"  # may be passed back, and nothing else


class Flavour(StrEnum):
    """What the call of a function returns: a value, or something that is run step by step."""

    PLAIN = ""
    COROUTINE = "coroutine"
    GENERATOR = "generator"
    ASYNC_GENERATOR = "async_generator"


class Parameter(TypedDict):
    """A parameter of a function: `kind` is the number of `inspect.Parameter.kind`.

    `default` is a list of one value, or an empty one for a default that does not travel.
    """

    name: str
    kind: int
    default: NotRequired[list[object]]
    annotation: NotRequired[object]


class Method(TypedDict):
    """A method of a class. `binding` is `""`, `staticmethod`, `classmethod` or `property`."""

    name: str
    flavour: str
    binding: str
    doc: str | None


class Description(TypedDict, total=False):
    """What a stand-in needs to be like the tests' object. `kind` says which fields there are."""

    kind: str
    name: str
    qualname: str
    module: str
    doc: str | None
    # function
    flavour: str
    parameters: list[Parameter] | None  # None: any
    signature: list[Parameter] | None  # if it differs from the parameters
    returns: object
    attributes: list[tuple[str, object]]
    # class, and what has one
    number: int
    bases: list["Description"]
    library: list[str]  # a class of a library: its module and qualified name
    methods: list[Method]
    specials: list[str]
    fields: list[str] | None  # of a named tuple or a dataclass
    is_dataclass: bool
    members: list[tuple[str, int, object]] | None
    cls: "Description"
    items: object  # of a named tuple, or the arguments of an exception
    member: str
    is_callable: bool
    is_property: bool


class Request(Protocol):
    """Asks the harness to perform an operation on an object of the tests'."""

    def __call__(
        self, operation: str, number: int, /, *operands: object, **keywords: object
    ) -> object:
        """Return the result, or raise what the operation raised."""


ENUM_LIMIT = 1000
"""How many members, methods or attributes a description lists at most."""
