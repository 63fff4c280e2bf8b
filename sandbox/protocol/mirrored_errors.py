"""Exceptions of the standard library, which keep their identity between two guests.

An exception is mirrored as containers are: a program that raises the tests' own exception again
raises that very one, and what it adds to it (a note, a cause) arrives there.
"""

from collections.abc import Callable, Iterable
from operator import is_
from typing import Any

from nova_code_verifier.sandbox.protocol.encoding import EncodingError
from nova_code_verifier.sandbox.protocol.library_exceptions import (
    new_exception,
    read_details,
    write_details,
)
from nova_code_verifier.sandbox.protocol.library_types import read_type, write_type
from nova_code_verifier.sandbox.protocol.mirrors import Kind

_args_of = BaseException.args.__get__  # type: ignore[attr-defined]


class ErrorKind(Kind):
    """Exceptions of a class of the library. Groups are not among them: they cannot change."""

    tag = "error"

    @staticmethod
    def fits(kind: type) -> bool:
        """Return whether instances of exactly this class are mirrored."""
        return (
            issubclass(kind, BaseException)
            and not issubclass(kind, BaseExceptionGroup)
            and write_type(kind) is not None
        )

    def values(self, container: Any) -> Iterable[object]:
        """Return the arguments, the fields, the cause and the context."""
        links = container.__cause__, container.__context__
        return [*_args_of(container), *vars(container).values(), *links]

    def copy(self, container: Any) -> Any:
        """Return what `is_same` compares."""
        fields = vars(container)
        notes = fields.get("__notes__")
        count = len(notes) if type(notes) is list else 0
        return [*fields, count, container.__suppress_context__, *self.values(container)]

    def is_same(self, container: Any, copy: Any) -> bool:
        """Return whether the exception is as it was when the copy was made."""
        now = self.copy(container)
        return len(now) == len(copy) and all(map(is_, now, copy))

    def write(self, container: Any, write: Callable[[Any], Any]) -> Any:
        """Write the name of the class, and the rest."""
        return [list(write_type(type(container)) or ()), write_details(container, write)]

    def new(self, content: Any) -> object:
        """Make an exception without arguments. Raises EncodingError."""
        try:
            kind = read_type(*content[0])
        except (LookupError, TypeError, ValueError) as error:
            raise EncodingError("there is no such class") from error
        if not self.fits(kind):
            raise EncodingError("a class of no exceptions")
        return new_exception(kind, [])

    def fill(self, container: Any, content: Any, read: Callable[[Any], Any]) -> None:
        """Set the arguments, and the rest. Raises as `read_details`."""
        _, details = content
        BaseException.args.__set__(container, tuple(map(read, details["args"])))  # type: ignore[attr-defined]
        read_details(container, details, read)


ERROR = ErrorKind()
