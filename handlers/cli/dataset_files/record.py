"""Define the records of a file of samples."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A value of a file, or the *problem* why it cannot be read.

    `where` names its place for people (`line 3`), and `number` counts from 1 in its file: lines in
    a file of lines, else values. `size_bytes` is what it takes in memory as text, about.
    """

    where: str
    number: int
    size_bytes: int
    value: object = None
    problem: str = ""


class DamagedFileError(ValueError):
    """A file cannot be read on from some place. The message names the place and the reason."""
