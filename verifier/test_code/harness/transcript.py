"""What the tests ask, in order, and what has been answered to it.

In: the questions of the last run with their answers. Out: for every question of this run its
answer, if there is one; and the questions to ask next. A question is recognised by what it
says, so a run that goes another way than the last only loses the answers behind the fork.
Must not know: what an answer stands for.
"""

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

Tree = Any
_QUESTIONS_MAX = 8_000
_NEW_QUESTIONS_MAX = 2_000


class AnswerNeededError(BaseException):
    """What nobody knows yet was needed. Of no `except Exception`'s concern."""


class ExhaustedError(BaseException):
    """The tests go round in circles, as they do not know the answers that would end it."""


class CandidateLostError(BaseException):
    """The candidate did not survive this question, or its answer makes no sense."""


class UnsendableError(BaseException):
    """The tests pass something to the candidate that cannot travel. The dataset is at fault."""


@dataclass(slots=True)
class Answer:
    """What the candidate's guest said: *ending* is `finished`, or why there is no answer."""

    ending: str
    body: dict[str, Tree]
    numbers: list[int]
    printed: str

    @classmethod
    def read(cls, ending: str, text: str, printed: str) -> "Answer":
        """Read an answer as it came, believing nothing."""
        body: Any = None
        if ending == "finished":
            try:
                body = json.loads(text)
            except (ValueError, RecursionError):
                body = None
            if not _is_answer(body):
                ending, body = "unreadable", None
        body = body or {}
        return cls(ending, body, list(_numbers_in(body)), printed)


def _is_answer(body: Any) -> bool:
    if type(body) is not dict or ("is" in body) is ("raised" in body):
        return False
    return "is" in body or type(body["raised"]) is dict


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
class Question:
    """An operation on operands, and the unit of the tests that asks for it."""

    unit: str
    operation: str
    on: list[Tree]
    keywords: list[Tree] = field(default_factory=list)
    nodes: list[Tree] = field(default_factory=list)
    is_guess: bool = False
    answer: Answer | None = None
    key: str = ""

    @property
    def was_idle(self) -> bool:
        """Whether asking it in vain has changed nothing."""
        return self.answer is None or bool(self.answer.body.get("on_plain"))


@dataclass(slots=True)
class Unit:
    """One test case of the tests, in this run.

    `raised` is the candidate's last exception, while the unit runs. `place` is how many of the
    known questions have been put. `said` is what the tests' own exception says: perhaps what they
    expected.
    """

    name: str
    state: str = "not_reached"
    ending: str = ""
    error: str = ""
    said: str = ""
    self_compared: bool = False
    is_open: bool = False
    has_raised: bool = False
    raised: BaseException | None = None
    known: list[Question] = field(default_factory=list)
    place: int = 0


class Transcript:
    """One run's questions. `unit` is the one that is being run; "" is all outside of any."""

    def __init__(self, known: list[Question]) -> None:
        """Expect the questions of the last run, in order, with their answers."""
        self.asked: list[Question] = []
        self.units: dict[str, Unit] = {}
        self.outside = self.unit = self.find_unit("")
        self.steps = self.new_questions = 0
        self.answers = [question.answer for question in known]
        for question in known:
            question.key = self._key(question, known)
            self.find_unit(question.unit).known.append(question)

    def find_unit(self, name: str) -> Unit:
        """Return the unit of that name."""
        if name not in self.units:
            self.units[name] = Unit(name)
        return self.units[name]

    def ask(self, question: Question) -> int:
        """Put a question; its place in `asked` is what refers to it. Raises CandidateLostError."""
        if len(self.asked) >= _QUESTIONS_MAX:
            self.lose("unreadable")
        if self.new_questions >= _NEW_QUESTIONS_MAX:
            raise ExhaustedError
        question.key = self._key(question, self.asked)
        question.answer = self._find_answer(question)
        self.asked.append(question)
        answer = question.answer
        if answer is None:
            self.unit.is_open = True
            self.new_questions += 1
        else:
            if answer.printed:
                sys.stdout.write(answer.printed)
            if answer.ending != "finished":
                self.lose(answer.ending)
        return len(self.asked) - 1

    def lose(self, ending: str) -> None:
        """Give up the present unit. Raises CandidateLostError."""
        self.unit.ending = self.unit.ending or ending
        raise CandidateLostError(ending)

    def _find_answer(self, question: Question) -> Answer | None:
        """Find the next of the unit's known questions that says the same."""
        unit = self.unit
        for place in range(unit.place, len(unit.known)):
            if unit.known[place].key == question.key:
                skipped = unit.known[unit.place : place]
                unit.place = place + 1
                if not all(one.was_idle for one in skipped):
                    unit.is_open = True  # what was asked in vain may have changed the answer
                return unit.known[place].answer
        return None

    def _key(self, question: Question, earlier: list[Question]) -> str:
        """Say what a question says, whatever its operands were called when it was put."""
        parts = [question.operation, question.on, question.keywords, question.nodes]
        return json.dumps(_canonical(parts, earlier), sort_keys=True)


def _canonical(tree: Tree, earlier: list[Question]) -> Tree:
    if type(tree) is list:
        return [_canonical(part, earlier) for part in tree]
    if type(tree) is not dict:
        return tree
    if "at" in tree:
        return _referred(tree, earlier)
    if "sub" in tree:
        return {"h": tree["sub"][0]}
    if "s" in tree and len(tree) == 1:
        items = [_canonical(part, earlier) for part in tree["s"]]
        return {"s": sorted(items, key=json.dumps)}
    return {tag: _canonical(part, earlier) for tag, part in tree.items()}


def _referred(tree: Tree, earlier: list[Question]) -> Tree:
    place, *part = tree["at"]
    answer = earlier[place].answer if place < len(earlier) else None
    if answer is None:
        return {"unknown": tree["at"]}
    if part:
        return {"h": answer.numbers[part[0]]}
    if "is" in answer.body:
        return _canonical(answer.body["is"], [])
    return {"unknown": tree["at"]}
