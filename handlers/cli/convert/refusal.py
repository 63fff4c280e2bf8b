"""Define the error for a row that cannot be converted."""

import re

_NUMBERS = re.compile(r"\[\d+\]|(?<=column )\d+")


class RefusedRowError(Exception):
    """A row cannot be converted. The message names the field, what was found, what is expected."""

    @property
    def kind(self) -> str:
        """The message without indices, so that rows with the same fault count together."""
        return _NUMBERS.sub(lambda match: "[]" if match[0][0] == "[" else "N", str(self))
