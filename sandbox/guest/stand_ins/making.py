"""Make the stand-in for an object of the tests', by its kind."""

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
) -> Any:  # noqa: ANN401, PLR0911  (any object; a return for each kind)
    """Return a new stand-in for the object of that number.

    *request* asks the harness. *walk* reads the trees in the description; it must be given if the
    description was written with one.
    """
    read = walk or (lambda tree: tree)
    match Kind(description["kind"]):
        case Kind.FUNCTION:
            return functions.new_function(description, number, request, read)
        case Kind.CLASS:
            return _class(description, request, read)
        case Kind.INSTANCE:
            return instances.new_instance(description, number, request)
        case Kind.MEMBER:
            return _class(description["cls"], request, read)[description["member"]]
        case Kind.ROW:
            items: Any = read(description["items"])
            return values.new_row(description, number, request, items)
        case Kind.ERROR:
            arguments: Any = read(description["items"])
            return instances.new_error(description, number, request, arguments)
        case Kind.MOCK:
            return instances.new_mock(description, number, request)
        case Kind.STREAM:
            return streams.new_stream(description, number, request)
        case Kind.ITERATOR:
            return functions.new_iterator(number, request)
        case Kind.GENERATOR:
            return functions.new_generator(number, request)
        case Kind.COROUTINE:
            return functions.new_coroutine(number, request)
        case Kind.ASYNC_GENERATOR:
            return functions.new_async_generator(number, request)
        case Kind.OPAQUE:
            return remember(Opaque(), number, request)


def _class(description: Description, request: Request, read: Walk) -> Any:  # noqa: ANN401  (a class)
    if description.get("members") is not None:
        return values.new_enumeration(description, request, read)
    if description.get("fields") is not None and not description.get("is_dataclass"):
        return values.new_row_class(description, request)
    return instances.new_class(description, request)
