"""One test item of a run: its state, and what may be shown of the error that ended it.

In: the exception that ended an item, and the candidate's last exception. Out: its report.
"""

from dataclasses import dataclass
from opcode import opmap

from nova_code_verifier.verifier.test_code.harness import script
from nova_code_verifier.verifier.test_code.protocol import ItemReport, ItemState

_TEXT_MAX = 200
_NAMING_ERRORS = (NameError, ImportError, AttributeError, TypeError)


class NotComparedError(Exception):
    """An item passed, but its tests cannot have compared the answer with what they expect."""


@dataclass(slots=True)
class TestItem:
    """One test case of the tests, in this run. `parts` are the iterations of a loop, so far.

    `message` is the text of the tests' own exception, which may contain what they expect. `line` is
    the line of the tests that failed, from 1; 0 if none did.
    """

    __test__ = False

    name: str
    state: ItemState = ItemState.NOT_REACHED
    error: str = ""
    message: str = ""
    line: int = 0
    is_self_compared: bool = False
    has_nan: bool = False
    parts: int = 0
    parts_passed: int = 0
    failures_in_row: int = 0
    shown: str = ""

    @property
    def has_failed(self) -> bool:
        """Whether the item, or a part of it, has failed."""
        return self.state in (ItemState.FAILED, ItemState.RAISED)

    def succeed(self) -> None:
        """Note that the item came to its end. Of several ends of one item, the worst counts."""
        if self.state is ItemState.NOT_REACHED:
            self.state = ItemState.PASSED

    def fail(self, error: BaseException, raised: BaseException | None) -> None:
        """Note the *error* that ended the item. The candidate's last one is *raised*."""
        is_raised = raised is not None and not isinstance(error, AssertionError)
        self.state = ItemState.RAISED if is_raised else ItemState.FAILED
        self.note(error, raised)

    def note(self, error: BaseException, raised: BaseException | None) -> None:
        """Note what an error says, and where in the tests it arose."""
        is_public = _is_public(error, raised)
        self.error = _describe(error, _text(error) if is_public else "")
        self.message = "" if is_public else _secret_message(error)
        self.line = line_of(error)

    def report(self, outside: "TestItem") -> ItemReport:
        """Return the result. What ended the code *outside* of items ended one that never began."""
        before = outside if self.state is ItemState.NOT_REACHED else TestItem("")
        is_passed = self.state is ItemState.PASSED
        parts = max(1, self.parts)
        return ItemReport(
            name=self.name,
            state=self.state,
            error=self.error or before.error,
            message=self.message or before.message,
            is_self_compared=self.is_self_compared,
            line=self.line or before.line,
            parts=parts,
            parts_passed=parts if is_passed else self.parts_passed,
            shown=self.shown,
        )


def describe(error: BaseException) -> str:
    """Describe an error that no candidate has a part in, and where in the tests it arose."""
    return _describe(error, _text(error))


def line_of(error: BaseException) -> int:
    """Return the line of the tests on which an error arose; 0 if it is not from there."""
    line, trace = 0, error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == script.FILE_NAME:
            line = trace.tb_lineno
        trace = trace.tb_next
    return line


def _is_public(error: BaseException, raised: BaseException | None) -> bool:
    """Return whether an error's text does not come from the tests.

    It comes from the candidate; or from Python itself, about a name or a type and not a value.
    """
    if error is raised or isinstance(error, NotComparedError):
        return True
    trace = error.__traceback__
    if trace is None or not isinstance(error, _NAMING_ERRORS):
        return False
    while trace.tb_next is not None:
        trace = trace.tb_next
    return trace.tb_frame.f_code.co_code[trace.tb_lasti] != opmap["RAISE_VARARGS"]


def _secret_message(error: BaseException) -> str:
    """Return a text that may contain what the tests expect. Never ask the candidate for it."""
    match error.args:
        case [text] if type(text) is str:
            return text[:_TEXT_MAX]
    return ""


def _describe(error: BaseException, text: str) -> str:
    line = line_of(error)
    parts = (text, f"line {line} of the tests" if line else "")
    return f"{type(error).__name__}: {', '.join(part for part in parts if part)}"


def _text(error: BaseException) -> str:
    try:
        return "" if isinstance(error, AssertionError) else str(error)[:_TEXT_MAX]
    except BaseException:  # noqa: BLE001  (the text of a stand-in may be no text)
        return ""
