"""A way there and back for values of a session, between sides that share no objects."""

from collections.abc import Callable

import pytest

from nova_code_verifier.sandbox.protocol.encoding import (
    EncodingError,
    Walk,
    dump,
    from_tree,
    load,
    to_tree,
)


class NoObjects:
    """An `Opaque` that knows no values."""

    has_read_deep = False

    def to_tree(self, value: object, _walk: Walk, plain: Callable[[], object] | None) -> object:
        """Write an instance of a subclass as its base; refuse all else."""
        if plain is None:
            raise EncodingError(f"an object: {type(value).__name__}")
        return plain()

    def from_tree(self, tag: str, _content: object, _walk: Walk) -> object:
        """Refuse every tag."""
        raise EncodingError(f"an unknown tag: {tag}")


@pytest.fixture(scope="session")
def carry() -> Callable[[object], object]:
    """Return a function that writes a value, and reads it again."""
    return lambda value: from_tree(load(dump(to_tree(value, NoObjects()))), NoObjects())


@pytest.fixture(scope="session")
def read() -> Callable[[object], object]:
    """Return a function that reads a tree of a session, which a guest may have written."""
    return lambda tree: from_tree(tree, NoObjects())
