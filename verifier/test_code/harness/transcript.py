"""The questions of one run of the tests, in order, with the answers that are known.

In: the questions of the last run, with their answers. Out: for every question of this run its
answer, if it is known; and the questions to ask next. A question is matched by its content, so a
run that takes another branch than the last one loses only the answers behind that branch.
"""

import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from nova_code_verifier.verifier.test_code.protocol import ItemState, Question, Tree

_QUESTIONS_MAX = 8_000
_NEW_QUESTIONS_MAX = 2_000


class AnswerNeededError(BaseException):
    """The tests need an answer that is not known. No `except Exception` of theirs catches it."""


class ExhaustedError(BaseException):
    """The tests loop without end, because the answers that would end the loop are not known."""


class CandidateLostError(BaseException):
    """The candidate's guest ended at this question, or its answer is malformed."""


class UnsendableError(BaseException):
    """The tests pass something to the candidate that cannot be sent. The dataset is at fault."""


@dataclass(slots=True)
class Answer:
    """A parsed answer. *ending* is `finished`, or says why there is no answer."""

    ending: str
    body: dict[str, Tree]
    numbers: list[int]
    printed: str
    has_nan: bool = False

    @classmethod
    def read(cls, ending: str, text: str, printed: str) -> "Answer":
        """Parse a `CandidateAnswer`; one that is malformed ends as `unreadable`."""
        body: Any = {}
        if ending == "finished":
            with suppress(ValueError, RecursionError):
                body = json.loads(text)
            if not _is_answer(body):
                ending, body = "unreadable", {}
        return cls(ending, body, list(_numbers_in(body)), printed, has_nan=_has_nan(text))


def _is_answer(body: Tree) -> bool:
    if type(body) is not dict or ("is" in body) is ("raised" in body):
        return False
    return "is" in body or type(body["raised"]) is dict


def _has_nan(text: str) -> bool:
    """Return whether JSON holds nan as a number."""
    if "NaN" not in text:
        return False
    constants: list[str] = []
    with suppress(ValueError, RecursionError):
        json.loads(text, parse_constant=constants.append)
    return "NaN" in constants


def _numbers_in(body: dict[str, Tree]) -> Iterator[int]:
    """Find the numbers of objects in an answer, in the order in which its guest wrote them."""
    raised = body.get("raised")
    if raised is not None:
        number = raised.get("h")
        yield number if type(number) is int else -1
        yield from _numbers_in_tree(raised.get("args"))
    for part in (body.get("is"), body.get("after"), body.get("nodes")):
        yield from _numbers_in_tree(part)


def _numbers_in_tree(tree: Tree) -> Iterator[int]:
    pending = [tree]
    while pending:
        part = pending.pop()
        if type(part) is dict:
            if type(part.get("h")) is int:
                yield part["h"]
            elif type(part.get("sub")) is list and part["sub"]:
                yield part["sub"][0]
                pending.append(part["sub"][1:])
            else:
                pending.extend(reversed(part.values()))
        elif type(part) is list:
            pending.extend(reversed(part))


@dataclass(slots=True)
class AskedQuestion:
    """A question with its answer, if that is known. Questions with equal keys have equal content.

    The key does not depend on the indexes by which a question refers to earlier ones.
    """

    question: Question
    answer: Answer | None = None
    key: str = ""

    @property
    def had_no_effect(self) -> bool:
        """Whether this run may leave the question out, although the last run asked it."""
        return self.answer is None or bool(self.answer.body.get("on_plain"))


@dataclass(slots=True)
class TestItem:
    """One test case of the tests, in this run.

    `raised` is the candidate's last exception, while the item runs. `known` are its questions of
    the last run; this run has asked the first `answers_used` of them again, or left them out.
    `message` is the text of the tests' own exception, which may contain what they expect. `line` is
    the line of the tests that failed, from 1; 0 if none did. `has_nan` says whether an answer to
    the item holds nan.
    """

    name: str
    state: ItemState = ItemState.NOT_REACHED
    ending: str = ""
    error: str = ""
    message: str = ""
    line: int = 0
    is_self_compared: bool = False
    is_open: bool = False
    has_raised: bool = False
    has_nan: bool = False
    raised: BaseException | None = None
    known: list[AskedQuestion] = field(default_factory=list)
    answers_used: int = 0


class Transcript:
    """The questions of one run. `item` is what runs now; `outside` is the code between items."""

    def __init__(self, known: Sequence[AskedQuestion] = ()) -> None:
        """Start a run. *known* are the questions of the last run, in order."""
        self.asked: list[AskedQuestion] = []
        self.items: dict[str, TestItem] = {}
        self.outside = self.item = self.find_item("")
        self.steps = self.new_questions = 0
        self.answers = [asked.answer for asked in known]
        for asked in known:
            asked.key = _key(asked.question, known)
            self.find_item(asked.question.item).known.append(asked)

    def find_item(self, name: str) -> TestItem:
        """Return the item of that name; add it if it is new."""
        return self.items.setdefault(name, TestItem(name))

    def ask(self, question: Question) -> int:
        """Ask a question, and return its index in `asked`. Raises CandidateLostError."""
        if len(self.asked) >= _QUESTIONS_MAX:
            self.abort_item("unreadable")
        if self.new_questions >= _NEW_QUESTIONS_MAX:
            raise ExhaustedError
        asked = AskedQuestion(question, key=_key(question, self.asked))
        answer = asked.answer = self._find_answer(asked)
        self.asked.append(asked)
        if answer is None:
            self.item.is_open = True
            self.new_questions += 1
        else:
            self.item.has_nan |= answer.has_nan
            if answer.printed:
                sys.stdout.write(answer.printed)
            if answer.ending != "finished":
                self.abort_item(answer.ending)
        return len(self.asked) - 1

    def abort_item(self, ending: str) -> None:
        """End the item that runs. Raises CandidateLostError."""
        self.item.ending = self.item.ending or ending
        raise CandidateLostError(ending)

    def _find_answer(self, asked: AskedQuestion) -> Answer | None:
        """Return the answer to the item's next known question with the same content."""
        item = self.item
        for index in range(item.answers_used, len(item.known)):
            if item.known[index].key == asked.key:
                left_out = item.known[item.answers_used : index]
                item.answers_used = index + 1
                if not all(question.had_no_effect for question in left_out):
                    item.is_open = True  # what was left out may have changed this answer
                return item.known[index].answer
        return None


def _key(question: Question, earlier: Sequence[AskedQuestion]) -> str:
    content = [question.operation, question.operands, question.keywords, question.nodes]
    return json.dumps(_canonical(content, earlier), sort_keys=True)


def _canonical(tree: Tree, earlier: Sequence[AskedQuestion]) -> Tree:
    if type(tree) is list:
        return [_canonical(part, earlier) for part in tree]
    if type(tree) is not dict:
        return tree
    if "at" in tree:
        return _resolved(tree, earlier)
    if "sub" in tree:
        return {"h": tree["sub"][0]}
    if "s" in tree and len(tree) == 1:
        items = [_canonical(part, earlier) for part in tree["s"]]
        return {"s": sorted(items, key=json.dumps)}
    return {tag: _canonical(part, earlier) for tag, part in tree.items()}


def _resolved(tree: Tree, earlier: Sequence[AskedQuestion]) -> Tree:
    index, *part = tree["at"]
    answer = earlier[index].answer if index < len(earlier) else None
    if answer is None:
        return {"unknown": tree["at"]}
    if part:
        return {"h": answer.numbers[part[0]]}
    if "is" in answer.body:
        return _canonical(answer.body["is"], [])
    return {"unknown": tree["at"]}
