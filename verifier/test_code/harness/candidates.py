"""What a run of the tests sees of a candidate: an interface, and what ends an item.

There are three: the live one in another guest (`harness/session.py`), and two that know nothing.
One is a guess that always gives one answer (`harness/guess_baseline.py`), the other a recorder that
notes what tests compare answers with (`harness/recorder.py`). A program in this process has no use
for one: the tests find its names where they run (`harness/in_process.py`).
"""

import sys
import types

_TOOLS = ("unittest.case", "_pytest.")


class CandidateLostError(BaseException):
    """The candidate has ended, or broken the protocol. The whole run ends with the item."""


class UncarriedError(BaseException):
    """The tests do what no session can carry. The dataset is at fault; the text says what."""


class Candidate:
    """A candidate, as a run of the tests sees it; this one has no names, and notes nothing."""

    raised: BaseException | None = None
    """The last exception that the candidate raised in this item."""
    has_nan: bool = False
    """Whether an answer to this item holds nan."""
    is_self_compared: bool = False
    """Whether the candidate's word had to be taken in this item."""
    has_told: bool = False
    """Whether the candidate may have learned in this item what the tests expect."""
    verdict: BaseException | None = None
    """The exception by which a test tool failed this item, while the candidate called it."""
    fatal: BaseException | None = None
    """The error that ended the run, even if the tests caught it; None while it may go on."""

    @property
    def shown(self) -> str:
        """The last answer in this item, for people to see: JSON, or ""."""
        return ""

    def find(self, name: str) -> object:
        """Return what the program calls *name*. Raises NameError if it does not define it."""
        raise NameError(f"name {name!r} is not defined")

    def is_stand_in(self, _value: object) -> bool:
        """Return whether a value stands for an object of the candidate's."""
        return False

    def watch(self, module: types.ModuleType, *, is_own: bool) -> None:
        """Do to the candidate what the tests do to a module by assignment and by patches.

        The module stands for the candidate's, or it *is_own*, the tests' module, with names of the
        candidate's in it.
        """

    def begin_item(self, name: str) -> None:
        """Begin a test item: forget what the item before has noted."""


def is_tool_attribute(name: str) -> bool:
    """Return whether Python and the test tools look for this attribute in any object."""
    return (name.startswith("__") and name.endswith("__")) or name.startswith(
        ("_mock", "_pytest", "pytestmark")
    )


def verdicts() -> tuple[type[BaseException], ...]:
    """Return the exceptions by which tests fail or skip themselves."""
    return (AssertionError, *_of_tools(pytest="OutcomeException"))


def is_skip(kind: type[BaseException]) -> bool:
    """Return whether the tests raise exceptions of this *kind* to skip themselves."""
    return issubclass(kind, _of_tools(pytest="Skipped"))


def _of_tools(*, pytest: str) -> tuple[type[BaseException], ...]:
    """Return unittest's exception, and that of pytest, if these tools are loaded."""
    names = {"_pytest.outcomes": pytest, "unittest.case": "SkipTest"}
    found = (getattr(sys.modules.get(module), name, None) for module, name in names.items())
    return tuple(kind for kind in found if isinstance(kind, type))


def is_by_tool(error: BaseException) -> bool:
    """Return whether a test tool raised an exception, such as `assertEqual`, and no `assert`."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    name = trace.tb_frame.f_globals.get("__name__") if trace is not None else ""
    return str(name).startswith(_TOOLS)
