"""Messages between our process and the harness process.

`grading.py`, `discovery.py` and `jobs.py` are on our side; `harness/runner.py` and
`harness/in_process.py` run in the harness process. Every message is a named tuple, which JSON or
marshal carries as a plain one; the side that receives it parses it here, and nowhere else.

Zygotes of harnesses import this module: it must not import more than they have loaded anyway.
"""

import json
import marshal
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Any, NamedTuple, NotRequired, TypedDict

NEEDS_ONE_PROCESS = "do what needs one process: "
"""How the `problem` of a run begins that met an `UncarriedError`."""
BROKEN_PROTOCOL, TOO_LONG = "protocol: ", "output: "
"""How the `error` of a LOST item begins if the candidate broke the protocol of its session."""
_TEXT_MAX, _PARTS_MAX = 1000, 2**20


class ItemState(StrEnum):
    """The state of a test item after a run of the tests."""

    PASSED = "passed"
    FAILED = "failed"
    RAISED = "raised"  # an exception of the candidate ended it
    SKIPPED = "skipped"  # by itself or by its tool
    LOST = "lost"  # the candidate ended, or broke the protocol, while it ran
    NOT_REACHED = "not_reached"


_STATES = frozenset(ItemState)


class TestCodeFields(TypedDict):
    """A `TestCode` of `verifier/types.py`, as `dataclasses.asdict` returns it."""

    source: str
    prompt: NotRequired[str]
    entry_point: NotRequired[str]
    style: NotRequired[str]
    modules: NotRequired[Sequence[str]]
    shared_process: NotRequired[bool]
    libraries: NotRequired[Sequence[str]]


class CompiledTests(NamedTuple):
    """Test code, compiled once for all its candidates.

    `names` are those that the tests use and the candidate must define; `classes` are those of them
    that the tests treat as classes. `libraries` are modules that tests use without an import;
    `modules` are those from which they import the candidate. `items` are the tests that the source
    shows: of pytest or unittest, there may be others, or several for one of these. `methods` are
    names that the tests call as a method. `code` and `prompt_code` are marshalled code objects.
    `imports` are those that tests in one file with the candidate make for both: pairs of a name and
    where it comes from (`["os", "os"]`, `["join", "os.path:join"]`). `may_patch` is False if they
    patch nothing of the library. `expected_answers` (how often each is expected) and
    `expected_exceptions` (name and message) are empty once `guesses` are made of them;
    `guessed_classes` are the classes that a guess defines.
    """

    style: str
    names: list[str]
    classes: list[str]
    libraries: list[str]
    modules: list[str]
    items: list[str]
    methods: list[str]
    code: bytes
    prompt_code: bytes
    imports: list[list[str]]
    may_patch: bool
    expected_answers: dict[str, int]
    expected_exceptions: list[list[str]]
    guesses: Sequence[str] = ()
    guessed_classes: Sequence[str] = ()


class ItemReport(NamedTuple):
    """The result of one test item.

    `error` is safe to show; `message` is the text of the tests' own exception and may contain what
    they expect: secret. `line` is the line of the tests that failed, from 1; 0 if none did. An item
    that is a loop over asserts has `parts`, its iterations, of which `parts_passed` held; any other
    has one part. `shown` is the candidate's last answer, for people to see: JSON, `{"is":
    tree}`, or "".
    """

    name: str
    state: ItemState
    error: str = ""
    message: str = ""
    is_self_compared: bool = False
    line: int = 0
    parts: int = 1
    parts_passed: int = 0
    shown: str = ""


class RunReport(NamedTuple):
    """The result of one run of the tests.

    With a `problem` (the dataset's fault) or with `needs_pytest`, no item counts. `compiled` is set
    in the report of discovery, the run without a candidate. `outside` stands for the items that the
    run did not reach. `is_lost` says that the run ended early, because the candidate did.
    `current` is the item that was running when its harness ended, and `has_end` says that the
    harness has reported the end of its run: the reader of messages sets both.
    """

    problem: str = ""
    needs_pytest: bool = False
    compiled: CompiledTests | None = None
    items: Sequence[ItemReport] = ()
    outside: ItemReport = ItemReport("", ItemState.FAILED)
    is_lost: bool = False
    current: str = ""
    has_end: bool = False

    @property
    def needs_one_process(self) -> bool:
        """Whether the problem is that no session carries what the tests do."""
        return self.problem.startswith(NEEDS_ONE_PROCESS)

    @classmethod
    def parse(cls, value: Any) -> "RunReport":  # noqa: ANN401  (decoded by the typed encoding)
        """Parse what discovery returned. No candidate has been in its process."""
        report = cls(*value)
        if not isinstance(report.problem, str):
            raise TypeError("not the report of a run")
        return report._replace(
            compiled=report.compiled and CompiledTests(*report.compiled),
            items=[_parse_item(item) for item in report.items],
            outside=_parse_item(report.outside),
        )


def _parse_item(value: Iterable[Any]) -> ItemReport:
    item = ItemReport(*value)
    types = (str, str, str, str, bool, int, int, int, str)
    if not all(map(isinstance, item, types)) or not 0 <= item.parts_passed <= max(item.parts, 1):
        raise TypeError("not the report of an item")
    return item._replace(state=ItemState(item.state))


# A harness in a session reports while it runs, because it may be killed at any time.
BEGIN, ITEM, END = "begin", "item", "end"


def write_message(kind: str, content: str | ItemReport | RunReport) -> bytes:
    """Write a message of a harness: BEGIN of an item, an ITEM's report, or the END of the run."""
    return json.dumps([kind, content]).encode("ascii")


def read_messages(messages: Iterable[bytes]) -> RunReport:
    """Read what a harness reported, to the end or until it was killed.

    Raises ValueError or TypeError for messages that no harness writes.
    """
    items: dict[str, ItemReport] = {}
    current = ""
    report = RunReport()
    for message in messages:
        kind, content = json.loads(message)
        match kind:
            case "begin" if isinstance(content, str):
                current = content
            case "item":
                item = _parse_item(content)
                items[item.name] = item  # one that ran again has the worse result in the end
                current = ""
            case "end":
                report = RunReport.parse(content)._replace(has_end=True)
            case _:
                raise ValueError("not a message of a harness")
    return report._replace(items=list(items.values()), current=current)


class InProcessReport(NamedTuple):
    """The result of tests and candidate in one process, which the candidate may have written.

    `failure` (`not_compiled` or `not_loaded`) and `error` are set if no item was run. Nothing here
    can leave a sample ungraded.
    """

    failure: str = ""
    error: str = ""
    items: Sequence[ItemReport] = ()

    @classmethod
    def parse(cls, value: object) -> "InProcessReport | None":
        """Return a report whose fields have the right types, or None. Leave out other items."""
        match value:
            case (str(failure), str(error), [*values]):
                parsed = map(_parse_untrusted_item, values)
                items = [item for item in parsed if item is not None]
                return cls(failure, error[:_TEXT_MAX], items)
        return None


def _parse_untrusted_item(value: object) -> ItemReport | None:
    """Parse what the candidate may have written; nothing but the state counts for it."""
    match value:
        case (str(name), str(state), str(error), str(message), _, int(line), *counts) if (
            state in _STATES
        ):
            texts = error[:_TEXT_MAX], message[:_TEXT_MAX]
            item = ItemReport(name, ItemState(state), *texts, line=line)
            match counts:
                case (int(parts), int(passed), *_) if 0 <= passed <= parts <= _PARTS_MAX:
                    return item._replace(parts=max(parts, 1), parts_passed=passed)
            return item
    return None


def pack_tests(fields: Mapping[str, object], compiled: CompiledTests | None) -> bytes:
    """Write `TestCodeFields` and the compiled tests for a harness. Marshal takes exact types."""
    plain: Any = (dict(fields), compiled and tuple(compiled))
    return marshal.dumps(plain)


def unpack_tests(packed: bytes) -> tuple[TestCodeFields, CompiledTests | None]:
    """Read what `pack_tests` wrote: it comes from our process, never from a guest."""
    test_code, compiled = marshal.loads(packed)  # noqa: S302  (see above)
    return test_code, compiled and CompiledTests(*compiled)
