"""Write the service's log: JSON, one line a sample, on standard output.

In: values. Out: lines, written by a thread of its own: a reader who does not read must not stop the
service. If it does not read for long, lines are dropped; the next line that is written has their
number.
"""

import json
import os
import time
import traceback
from collections.abc import Mapping
from datetime import UTC, datetime
from queue import Empty, SimpleQueue
from threading import Thread

_LINES_MAX = 10_000
_TEXT_CHARACTERS = 500
_TRACEBACK_LINES = 60
_GATHER_SECONDS = 0.05  # write many lines at once: waking this thread for each slows all others
_END = ""


class Log:
    """The log of one process."""

    def __init__(self, descriptor: int = 1) -> None:
        """Start the thread that writes to *descriptor*."""
        self._descriptor = descriptor
        self._lines: SimpleQueue[str] = SimpleQueue()
        self._dropped = 0
        self._thread = Thread(target=self._write_all, name="log", daemon=True)
        self._thread.start()

    def write(self, event: str, fields: Mapping[str, object], *, severity: str = "INFO") -> None:
        """Write a line. Long texts are cut."""
        line: dict[str, object] = {
            "timestamp": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "severity": severity,
            "message": event,
            "pid": os.getpid(),
        }
        if self._dropped:
            line["dropped_lines"] = self._dropped
        text = json.dumps(line | _clipped(fields), default=str, separators=(",", ":"))
        if self._lines.qsize() < _LINES_MAX:
            self._lines.put(text)
            self._dropped = 0
        else:
            self._dropped += 1

    def write_error(self, event: str, problem: str) -> None:
        """Write a line about what is wrong."""
        self.write(event, {"problem": problem}, severity="ERROR")

    def write_bug(self, request: str = "") -> None:
        """Write a line with the traceback of the exception that is being handled."""
        lines = traceback.format_exc().splitlines()[-_TRACEBACK_LINES:]
        self.write("bug", {"request": request, "traceback": lines}, severity="ERROR")

    def close(self, seconds: float = 2.0) -> None:
        """Write what is left, if somebody reads it."""
        self._lines.put(_END)
        self._thread.join(seconds)

    def _write_all(self) -> None:
        while (line := self._lines.get()) != _END:
            time.sleep(_GATHER_SECONDS)
            lines = [line]
            try:
                while len(lines) < _LINES_MAX:
                    lines.append(self._lines.get_nowait())
            except Empty:
                pass
            is_last = lines[-1] == _END
            text = "".join(f"{line}\n" for line in lines if line != _END)
            try:
                _write(self._descriptor, text.encode("utf-8", "backslashreplace"))
            except OSError:
                return  # nobody reads it any more
            if is_last:
                return


def _write(descriptor: int, data: bytes) -> None:
    while data:
        data = data[os.write(descriptor, data) :]


def _clipped(fields: Mapping[str, object]) -> dict[str, object]:
    return {name: _clip(value) for name, value in fields.items()}


def _clip(value: object) -> object:
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, list):
        return [_clip(item) for item in value[:200]]
    text = value if isinstance(value, str) else json.dumps(value, default=str)
    return text if len(text) <= _TEXT_CHARACTERS else f"{text[:_TEXT_CHARACTERS]}…"
