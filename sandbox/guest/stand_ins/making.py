"""Make the stand-in for an object of the tests', by its kind."""

from collections.abc import Callable
from typing import Any

from nova_code_verifier.sandbox.guest.stand_ins import functions, instances, streams, values
from nova_code_verifier.sandbox.guest.stand_ins.table import number_of, remember
from nova_code_verifier.sandbox.protocol.exports import Description, Kind, Request, Walk

__all__ = ["number_of", "stand_in"]


class Opaque:
    """Stands for an object of the tests' that may be passed back, and nothing else."""

    __slots__ = ("__weakref__",)


def stand_in(
    description: Description, number: int, request: Request, walk: Walk | None = None
) -> Any:  # noqa: ANN401  (any object)
    """Return a new stand-in for the object of that number.

    *request* asks the harness. *walk* reads the trees in the description; it must be given if the
    description was written with one.
    """
    read: Any = walk or (lambda tree: tree)
    make = _MAKERS[Kind(description["kind"])]
    return make(description, number, request, read)


def _class(description: Description, request: Request, read: Walk) -> Any:  # noqa: ANN401  (a class)
    if description.get("members") is not None:
        return values.new_enumeration(description, request, read)
    if description.get("fields") is not None and not description.get("is_dataclass"):
        return values.new_row_class(description, request)
    return instances.new_class(description, request)


def _member(description: Description, _: int, request: Request, read: Walk) -> object:
    member: object = _class(description["cls"], request, read)[description["member"]]
    return member


def _row(description: Description, number: int, request: Request, read: Any) -> object:  # noqa: ANN401  (reads a list)
    return values.new_row(description, number, request, read(description["items"]))


def _error(description: Description, number: int, request: Request, read: Any) -> object:  # noqa: ANN401  (as above)
    return instances.new_error(description, number, request, read(description["items"]))


_MAKERS: dict[Kind, Callable[[Description, int, Request, Walk], object]] = {
    Kind.FUNCTION: functions.new_function,
    Kind.CLASS: lambda described, _, request, read: _class(described, request, read),
    Kind.INSTANCE: lambda described, *rest: instances.new_instance(described, *rest[:2]),
    Kind.MEMBER: _member,
    Kind.ROW: _row,
    Kind.ERROR: _error,
    Kind.MOCK: lambda described, *rest: instances.new_mock(described, *rest[:2]),
    Kind.STREAM: lambda described, *rest: streams.new_stream(described, *rest[:2]),
    Kind.ITERATOR: lambda _, *rest: functions.new_iterator(*rest[:2]),
    Kind.GENERATOR: lambda _, *rest: functions.new_generator(*rest[:2]),
    Kind.COROUTINE: lambda _, *rest: functions.new_coroutine(*rest[:2]),
    Kind.ASYNC_GENERATOR: lambda _, *rest: functions.new_async_generator(*rest[:2]),
    Kind.OPAQUE: lambda _, *rest: remember(Opaque(), *rest[:2]),
}
