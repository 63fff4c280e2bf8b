"""Placeholder until the tests' objects have stand-ins."""

from typing import Any

from nova_code_verifier.verifier.test_code.harness.candidates import UncarriedError


class Exports:
    """Knows nothing yet."""

    def write(self, value: object, write: Any) -> object:
        raise UncarriedError(f"a {type(value).__qualname__}")

    def value(self, content: Any) -> object:
        raise NotImplementedError

    def perform(self, operation: str, number: int, operands: list, keywords: dict) -> object:
        raise NotImplementedError
