"""Read the values of a JSON text without holding all of it in memory.

In: a stream of bytes. Out: one value for each line of JSON Lines; or one for each item of a JSON
list, and for each object that takes several lines.
"""

import codecs
import json
from collections.abc import Iterator
from typing import BinaryIO

from nova_code_verifier.handlers.cli.dataset_files.record import DamagedFileError, Record

VALUE_BYTES_MAX = 2**28
"""How long a line or a value may be: more is no sample, and would fill the memory."""

_PIECE_BYTES = 2**18
_LONGEST_WORD = len("-Infinity")
_SHOWN_CHARACTERS = 40
_BLANKS = " \t\r\n"
_ENDS = tuple(f"{_BLANKS},]")


class _RepeatedKeys:
    """Decodes JSON, and notes a key that an object has twice: readers disagree about its value."""

    def __init__(self) -> None:
        self.decoder = json.JSONDecoder(object_pairs_hook=self._object)
        self._problem = ""

    def take_problem(self) -> str:
        """Return what was found since the last call; empty if there was nothing."""
        problem, self._problem = self._problem, ""
        return problem

    def _object(self, pairs: list[tuple[str, object]]) -> dict[str, object]:
        found = dict(pairs)
        if len(found) < len(pairs):
            names = [name for name, _ in pairs]
            repeated = next(name for name in found if names.count(name) > 1)
            shown = repr(repeated[:_SHOWN_CHARACTERS])
            self._problem = f"ambiguous (an object has the key {shown} twice)"
        return found


def read_lines(stream: BinaryIO) -> Iterator[Record]:
    """Yield a record for each line that is not blank. A broken line becomes one with a problem."""
    number = 0
    keys = _RepeatedKeys()
    while line := stream.readline(VALUE_BYTES_MAX):
        number += 1
        is_whole = line.endswith(b"\n") or len(line) < VALUE_BYTES_MAX
        if line.strip():
            yield _record_of_line(number, line, keys) if is_whole else _too_long(number, len(line))
        while not is_whole:  # the rest of the line
            rest = stream.readline(VALUE_BYTES_MAX)
            is_whole = rest.endswith(b"\n") or len(rest) < VALUE_BYTES_MAX


def _record_of_line(number: int, line: bytes, keys: _RepeatedKeys) -> Record:
    value, problem = None, ""
    try:
        value = keys.decoder.decode(line.decode(json.detect_encoding(line), "surrogatepass"))
    except json.JSONDecodeError as error:
        problem = f"not JSON ({error.msg}, column {error.colno})"
    except UnicodeDecodeError:
        problem = "not JSON (not UTF-8)"
    except (ValueError, RecursionError):  # Python limits the digits and the depth of JSON
        problem = "unreadable (a number too long, or nested too deep)"
    repeated = keys.take_problem()
    where, problem = f"line {number}", problem or repeated
    return Record(where=where, number=number, size_bytes=len(line), value=value, problem=problem)


def _too_long(number: int, size_bytes: int) -> Record:
    problem = f"found more than {VALUE_BYTES_MAX >> 20} MiB without a line end"
    return Record(where=f"line {number}", number=number, size_bytes=size_bytes, problem=problem)


def read_items(stream: BinaryIO) -> Iterator[Record]:
    """Yield a record for each object of a stream of JSON values; lists are replaced by their items.

    Raises DamagedFileError where the text is not JSON: nothing behind that can be found.
    """
    window = _Window(stream)
    number = 0
    in_list = needs_comma = False
    while char := window.next_character():
        if not in_list and char == "[":
            in_list, needs_comma = True, False
            window.skip()
        elif in_list and char == "]" and (needs_comma or window.is_first):
            in_list = False
            window.skip()
        elif needs_comma and in_list:
            if char != ",":
                raise window.damage("expected a comma or the end of the list")
            needs_comma = False
            window.skip()
        else:
            line = window.line
            value, size, problem = window.take_value()
            number += 1
            needs_comma = True
            where = f"item {number}, line {line}"
            yield Record(where=where, number=number, size_bytes=size, value=value, problem=problem)
    if in_list:
        raise window.damage("the file ends inside the list: it is incomplete")


class _Window:
    """The part of a text that is in memory: from the next value on, at least one value long."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._keys = _RepeatedKeys()
        self._utf8 = codecs.getincrementaldecoder("utf-8")()
        self._text, self._position, self._at_end = "", 0, False
        self.line = 1
        self.is_first = False  # whether the list that was opened last has no item yet

    def next_character(self) -> str:
        """Skip blanks, and return the next character without skipping it; empty at the end."""
        while True:
            rest = self._text[self._position : self._position + 64].lstrip(_BLANKS)
            if rest:
                skipped = self._text.index(rest[0], self._position)
                self._advance(skipped)
                return rest[0]
            if self._position < len(self._text):
                self._advance(min(len(self._text), self._position + 64))
            elif not self._fill():
                return ""

    def skip(self) -> None:
        """Skip one character."""
        self.is_first = self._text[self._position] == "["
        self._position += 1

    def take_value(self) -> tuple[object, int, str]:
        """Take the next value; return it, the number of its characters, and what is wrong."""
        self.is_first = False
        while True:
            try:
                value, end = self._keys.decoder.raw_decode(self._text, self._position)
                problem = self._keys.take_problem()
            except json.JSONDecodeError as error:
                offset = error.pos - self._position
                if not self._may_go_on(error.pos) or not self._fill():
                    raise self._broken(offset, error.msg) from None
            except (ValueError, RecursionError):
                raise self.damage("a number too long, or nested too deep") from None
            else:
                # A number may go on behind what is in memory.
                is_whole = (
                    isinstance(value, dict | list | str) or self._text[end : end + 1] in _ENDS
                )
                if is_whole or not self._fill():
                    size = end - self._position
                    self._advance(end)
                    return value, size, problem

    def damage(self, reason: str) -> DamagedFileError:
        """Return an error that names the line."""
        return DamagedFileError(f"line {self.line}: {reason}")

    def _broken(self, offset: int, reason: str) -> DamagedFileError:
        position = self._position + offset
        rest = self._text[position:]
        if self._at_end and (not rest.strip() or _is_unfinished_string(rest)):
            return self.damage("the file ends inside the value that begins here: it is incomplete")
        self._advance(position)
        return self.damage(f"not JSON ({reason})")

    def _may_go_on(self, error_position: int) -> bool:
        """Return whether more text may repair a value: it ends early, or inside a string."""
        if len(self._text) - self._position > VALUE_BYTES_MAX:
            return False
        rest = self._text[error_position:]
        return len(rest) <= _LONGEST_WORD or _is_unfinished_string(rest)

    def _advance(self, position: int) -> None:
        self.line += self._text.count("\n", self._position, position)
        self._position = position

    def _fill(self) -> bool:
        """Read on: as much again as is waiting, so that a long value is not parsed too often."""
        if self._at_end:
            return False
        self._text = self._text[self._position :]
        self._position = 0
        piece = self._stream.read(max(_PIECE_BYTES, len(self._text)))
        self._at_end = not piece
        try:
            self._text += self._utf8.decode(piece, final=self._at_end)
        except UnicodeDecodeError:
            raise self.damage("not UTF-8 from here on, or soon after") from None
        return not self._at_end


def _is_unfinished_string(text: str) -> bool:
    if not text.startswith('"'):
        return False
    try:
        json.JSONDecoder().raw_decode(text)
    except json.JSONDecodeError as error:
        return error.pos == 0
    return False
