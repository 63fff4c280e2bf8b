"""Messages between our process and the harness process.

`grading.py`, `discovery.py` and `jobs.py` are on our side; `harness/runner.py` and
`harness/in_process.py` run in the harness process. Every message is a named tuple. The typed
encoding (`sandbox/protocol/encoding.py`) and marshal carry it as a plain tuple; the side that
receives it parses that tuple with the function here, and nowhere else.

Zygotes of harnesses import this module: it must not import more than they have loaded anyway.
"""

import json
import marshal
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Any, NamedTuple, NotRequired, TypedDict

Tree = Any
"""A value as `sandbox/protocol/encoding.py` writes it: what JSON has."""

_TEXT_MAX = 1000


class ItemState(StrEnum):
    """The state of a test item after a run of the tests."""

    PASSED = "passed"
    FAILED = "failed"
    RAISED = "raised"  # an exception of the candidate ended it
    SKIPPED = "skipped"  # by itself or by its tool
    OPEN = "open"  # it needs answers that are not known yet
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
    shows: of pytest or unittest, there may be others, or several for one of these. `code` and
    `prompt_code` are marshalled code objects. `expected_answers` (how often each is expected) and
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
    leaves_no_trace: bool
    expected_answers: dict[str, int]
    expected_exceptions: list[list[str]]
    guesses: Sequence[str] = ()
    guessed_classes: Sequence[str] = ()


class Question(NamedTuple):
    """An operation on the candidate's objects that a test item asks for.

    An operand is a tree; `{"at": [index]}` in it stands for the result of an earlier question.
    `nodes` is the table of objects that `sandbox/protocol/shared_types.py` describes. The answer to
    a guess (`is_guess`) may turn out not to be needed.
    """

    item: str
    operation: str
    operands: list[Tree]
    keywords: Sequence[list[Tree]] = ()
    nodes: Sequence[list[Tree]] = ()
    is_guess: bool = False

    def instruction(self, shared: Sequence[str]) -> bytes:
        """Write it for `sandbox/guest/object_session.py`; *shared* names the shared classes."""
        fields = {
            "op": self.operation,
            "on": self.operands,
            "kw": self.keywords,
            "nodes": self.nodes,
            "guess": self.is_guess,
            "shared": shared,
        }
        return json.dumps(fields).encode("ascii")


class CandidateAnswer(NamedTuple):
    """The answer to a question. Only the harness reads `text`, which the candidate's guest wrote.

    `ending` is an `Ending` of `sandbox/types.py`; `text` is empty unless it is `finished`.
    """

    ending: str
    text: str = ""
    printed: str = ""


class CandidateAnswers(NamedTuple):
    """What one run of the tests needs of one candidate: the arguments of a call of `run_tests`.

    None is an answer that is not known; without `answers`, the run is the one of discovery, and no
    candidate has a part in it. `lost_items` have a result already and are not run.
    """

    answers: Sequence[CandidateAnswer | None] | None = None
    lost_items: Sequence[str] = ()


class ItemReport(NamedTuple):
    """The result of one test item.

    `ending` is an `Ending` where the candidate's guest did not answer. `error` is safe to show;
    `message` is the text of the tests' own exception and may contain what they expect: secret.
    The result rests on the first `answers_used` answers to questions of this item. `line` is the
    line of the tests that failed, from 1; 0 if none did.
    """

    name: str
    state: ItemState
    ending: str = ""
    error: str = ""
    message: str = ""
    is_self_compared: bool = False
    answers_used: int = 0
    line: int = 0


class RunReport(NamedTuple):
    """The result of one run of the tests.

    With a `problem` (the dataset's fault) or with `needs_pytest`, no item was run. `compiled` is
    set in the report of the first run, which is the one without answers. `outside` stands for the
    items that the run did not reach.
    """

    problem: str = ""
    needs_pytest: bool = False
    compiled: CompiledTests | None = None
    items: Sequence[ItemReport] = ()
    outside: ItemReport = ItemReport("", ItemState.FAILED)
    is_open: bool = False
    shared: Sequence[str] = ()
    questions: Sequence[Question] = ()

    @classmethod
    def parse(cls, value: Any) -> "RunReport":  # noqa: ANN401  (decoded by the typed encoding)
        """Parse what a harness returned. No candidate has been in its process."""
        report = cls(*value)
        return report._replace(
            compiled=report.compiled and CompiledTests(*report.compiled),
            items=[_parse_item(item) for item in report.items],
            outside=_parse_item(report.outside),
            questions=[Question(*question) for question in report.questions],
        )


def _parse_item(value: Iterable[Any]) -> ItemReport:
    item = ItemReport(*value)
    return item._replace(state=ItemState(item.state))


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
        case (str(name), str(state), _, str(error), str(message), _, _, int(line)) if (
            state in _STATES
        ):
            texts = error[:_TEXT_MAX], message[:_TEXT_MAX]
            return ItemReport(name, ItemState(state), "", *texts, line=line)
    return None


def pack_tests(
    fields: Mapping[str, object], compiled: CompiledTests | None, questions: Iterable[Question] = ()
) -> bytes:
    """Write `TestCodeFields` and the known questions for a harness. Marshal takes exact types."""
    plain: Any = (dict(fields), compiled and tuple(compiled), [*map(tuple, questions)])
    return marshal.dumps(plain)


def unpack_tests(packed: bytes) -> tuple[TestCodeFields, CompiledTests | None, list[Question]]:
    """Read what `pack_tests` wrote: it comes from our process, never from a guest."""
    test_code, compiled, fields = marshal.loads(packed)  # noqa: S302  (see above)
    questions = [Question(*question) for question in fields]
    return test_code, compiled and CompiledTests(*compiled), questions
