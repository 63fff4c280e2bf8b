"""The guest's side of a conversation: one step after the other on the candidate's objects.

In: instructions (`verifier.test_code.grading` writes them), each an operation on plain data and on
what
earlier steps left here. Out: answers, as plain data; what is not plain stays, and is known by
a number. Candidate code shares this process, so every answer is hearsay. Must not know: what
is right.

An answer is a JSON object: `is` (the result) or `raised`; `after`, arguments that were changed
in place; `met`, descriptions of the numbers that are new in it; `nodes`, see `_Nodes`;
`on_plain`, if a mere guess at what would be asked was about plain data.
"""

import builtins
import copy
import functools
import json
import math
import operator
import sys
import time
import types
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from nova_code_verifier.sandbox.protocol.encoding import (
    EncodingError,
    Walk,
    dump,
    from_tree,
    is_plain,
    to_tree,
)
from nova_code_verifier.sandbox.protocol.shared_types import SharedObjects, write_kin

_TEXT_MAX = 500
_NAMES_MAX = 1000
_TAKEN_MAX = 1000
_TAKING_SECONDS = 0.02

_SPECIAL_METHODS = """
    abs add aenter aexit aiter and anext await bool bytes call ceil complex contains delitem divmod
    enter eq exit float floor floordiv format ge getitem gt hash iadd iand ifloordiv ilshift imatmul
    imod imul index int invert ior ipow irshift isub iter itruediv ixor le len lshift lt matmul mod
    mul ne neg next or pos pow radd rand rdivmod repr reversed rfloordiv rlshift rmatmul rmod rmul
    ror round rpow rrshift rshift rsub rtruediv rxor setitem str sub truediv trunc xor
"""
SPECIAL_METHODS = frozenset(f"__{name}__" for name in _SPECIAL_METHODS.split())
"""What a class may define for Python to find in it: who stands in for it defines the same."""

_OF_OPERATOR = """
    add and_ contains eq floordiv ge getitem gt iadd iand ifloordiv ilshift imatmul imod imul ior
    ipow irshift isub itruediv ixor le lshift lt matmul mod mul ne or_ pow rshift sub truediv xor
    setitem delitem abs neg pos invert index
"""
_CHANGE_SOMETHING = """
    method setattr delattr setitem delitem iadd iand ifloordiv ilshift imatmul imod imul ior ipow
    irshift isub itruediv ixor
"""
_CHANGING = frozenset(_CHANGE_SOMETHING.split())
_OPERATIONS: dict[str, Callable[..., object]] = {
    name.rstrip("_"): getattr(operator, name) for name in _OF_OPERATOR.split()
} | {
    "call": lambda function, /, *args, **kwargs: function(*args, **kwargs),
    "method": lambda owner, name, /, *args, **kwargs: getattr(owner, name)(*args, **kwargs),
    "getattr": getattr,
    "setattr": setattr,
    "delattr": delattr,
    "len": len,
    "bool": bool,
    "str": str,
    "repr": repr,
    "int": int,
    "float": float,
    "complex": complex,
    "bytes": bytes,
    "hash": hash,
    "format": format,
    "round": round,
    "divmod": divmod,
    "trunc": math.trunc,
    "floor": math.floor,
    "ceil": math.ceil,
    "iter": iter,
    "reversed": reversed,
    "next": next,
    "dir": dir,
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
    "enter": lambda context: type(context).__enter__(context),
    "exit": lambda context, *error: type(context).__exit__(context, *(error or (None,) * 3)),
}


def containers_in(values: Iterable[object]) -> Iterator[object]:
    """Find the containers that can be changed in place, in an order that both sides agree on."""
    pending = list(values)[::-1]
    while pending:
        value: Any = pending.pop()
        kind = type(value)
        if kind in (list, dict, set, deque):
            yield value
        if kind in (list, tuple, deque):
            pending.extend(reversed(value))
        elif kind is dict:
            pending.extend(reversed(value.values()))


class ObjectSession:
    """What has been said so far, and the objects that it was about."""

    def __init__(self, names: dict[str, Any]) -> None:
        """Talk about the module whose globals are *names*."""
        self._names = names
        self._results: list[object] = []
        self._found: list[list[object]] = []
        self._numbers: dict[int, int] = {}
        self._kept: list[object] = []
        self._met: list[dict[str, object]] = []
        self._held_back: dict[int, BaseException] = {}
        self._nodes = SharedObjects(names)
        self._operations = _OPERATIONS | {
            "name": self._name,
            "take": self._take,
            "await": _run_to_its_end,
            "aenter": lambda context: _run_to_its_end(type(context).__aenter__(context)),
            "aexit": lambda context: _run_to_its_end(
                type(context).__aexit__(context, None, None, None)
            ),
            "aiter": aiter,
            "anext": lambda items: _run_to_its_end(anext(items)),
            "random_state": _set_random_state,
        }

    def answer(self, instruction: bytes) -> bytes:
        """Carry out one instruction. Raises EncodingError for one that cannot be read."""
        order = json.loads(instruction)
        self._met = []
        self._found.append([])
        self._results.append(None)
        self._nodes.read(order.get("nodes", []), order.get("shared", []), self)
        operands = [from_tree(tree, self) for tree in order["on"]]
        keywords = {name: from_tree(tree, self) for name, tree in order.get("kw", [])}
        is_guess = order.get("guess", False) and is_plain(operands[0])
        if is_guess and order["op"] in _CHANGING:
            operands[0] = copy.deepcopy(operands[0])  # nobody may ever ask this
        handed_over = [*operands, *keywords.values()]
        trees = [*order["on"], *(tree for _, tree in order.get("kw", []))]
        containers = list(containers_in(handed_over))  # kept, so that none takes another's place
        answer = self._carry_out(order["op"], operands, keywords)
        if is_guess:
            answer["on_plain"] = True
        numbers = {id(container): number for number, container in enumerate(containers)}
        asides = {
            "after": self._changed(trees, handed_over, numbers),
            "nodes": self._nodes.written(self),
            "met": self._met,  # last, as the others add to it
        }
        return dump(answer | {name: aside for name, aside in asides.items() if aside})

    def _carry_out(
        self, operation: str, operands: list[Any], keywords: dict[str, Any]
    ) -> dict[str, object]:
        try:
            result = self._operations[operation](*operands, **keywords)
        except BaseException as error:  # noqa: BLE001  (the guest's first breath: it is reported)
            return {"raised": self._raised(error)}
        self._results[-1] = result
        return {"is": to_tree(result, self)}

    def _changed(
        self, trees: list[object], values: list[object], numbers: dict[int, int]
    ) -> list[object]:
        """Write those of the values again that are not as they were, with who is who in them."""
        changed: list[object] = []
        for tree, value in zip(trees, values, strict=True):
            is_own = isinstance(tree, dict) and "at" in tree  # the candidate's, not a copy
            if isinstance(tree, list | dict) and is_plain(value) and not is_own:
                found = len(self._found[-1])
                now = to_tree(value, self)
                del self._found[-1][found:]
                if now != tree:
                    changed.append(self._with_numbers(value, numbers))
        return changed

    def _with_numbers(self, value: Any, numbers: dict[int, int]) -> object:  # noqa: ANN401  (narrowed by type)
        tree: object
        if type(value) is list:
            tree = [self._with_numbers(item, numbers) for item in value]
        elif type(value) is tuple:
            tree = {"t": [self._with_numbers(item, numbers) for item in value]}
        elif type(value) is dict:
            items = value.items()
            tree = {"d": [[to_tree(k, self), self._with_numbers(v, numbers)] for k, v in items]}
        else:
            tree = to_tree(value, self)
        number = numbers.get(id(value))
        return tree if number is None else {"was": [number, tree]}

    # -- operations of our own ---------------------------------------------------------

    def _name(self, name: str) -> object:
        if name not in self._names:
            raise NameError(f"name {name!r} is not defined")
        return self._names[name]

    def _take(self, items: Iterator[object]) -> tuple[bool, list[object]]:
        """Take some items, and say whether there may be more. What it raises comes next time."""
        taken: list[object] = []
        until = time.process_time() + _TAKING_SECONDS
        if id(items) in self._held_back:
            raise self._held_back.pop(id(items))
        try:
            while len(taken) < _TAKEN_MAX and (not taken or time.process_time() < until):
                taken.append(next(items))
        except StopIteration:
            return False, taken
        except BaseException as error:
            if not taken:
                raise
            self._held_back[id(items)] = error
        return True, taken

    # -- what is no plain data ---------------------------------------------------------

    def to_tree(self, value: object, walk: Walk, plain: Callable[[], object] | None) -> object:
        """Write an object as its number, beside the plain data that it is a subclass of."""
        if self._nodes.is_shared(type(value)):
            tree = write_kin(value, walk)
            if tree is not None:
                return tree
            if plain is None and not isinstance(value, BaseException):
                return {"n": self._nodes.place_of(value)}
        number = self._meet(value)
        self._found[-1].append(value)
        return {"h": number} if plain is None else {"sub": [number, plain()]}

    def from_tree(self, tag: str, content: Any, walk: Walk) -> object:  # noqa: ANN401  (from the keeper)
        """Read what an instruction refers to."""
        match tag:
            case "at":
                return self._results[content[0]] if len(content) == 1 else self._part(*content)
            case "n" | "member" | "row":
                return self._nodes.value(tag, content, walk)
            case "slice":
                return slice(*[walk(part) for part in content])
            case "it":
                return iter([walk(item) for item in content])
            case "fn":
                source, name, names = content
                scope = {"__builtins__": builtins, "__name__": "tests"}
                scope |= {known: walk(tree) for known, tree in names.items()}
                exec(source, scope)  # noqa: S102  (a test's own function, in the guest)
                return scope[name]
            case "py":
                return _import(*content)
        raise EncodingError("an unknown tag")

    def _part(self, step: int, place: int) -> object:
        try:
            return self._found[step][place]
        except IndexError:
            raise EncodingError("what is not there any more") from None

    def _meet(self, value: object) -> int:
        """Give an object its number, and describe it, when it is met for the first time."""
        number = self._numbers.get(id(value))
        if number is None:
            number = self._numbers[id(value)] = len(self._kept)
            self._kept.append(value)
            description: dict[str, object] = {"number": number}
            self._met.append(description)
            description |= self._describe(value)
        return number

    def _describe(self, value: object) -> dict[str, object]:
        if isinstance(value, type):
            mro = type.__dict__["__mro__"].__get__(value)
            own = [names for base in mro if base is not object for names in (vars(base),)]
            found = {name: item for names in reversed(own) for name, item in names.items()}
            return {
                "kind": "class",
                "is_shared": self._nodes.is_shared(value),
                "name": str(type.__dict__["__name__"].__get__(value))[:_TEXT_MAX],
                "bases": [self._base(base) for base in mro[1:]],
                "specials": sorted(SPECIAL_METHODS.intersection(_hashable(found))),
                "methods": [
                    name[:_TEXT_MAX] for name, item in found.items() if _is_method(name, item)
                ][:_NAMES_MAX],
            }
        kind = _KINDS.get(type(value), "instance")
        if kind == "instance" and _is_builtin_iterator(type(value)):
            kind = "iterator"
        if kind != "instance":
            return {"kind": kind, "name": str(getattr(value, "__name__", ""))[:_TEXT_MAX]}
        return {"kind": "instance", "class": self._meet(type(value))}

    def _base(self, base: type) -> object:
        is_builtin = getattr(builtins, base.__name__, None) is base
        return base.__name__ if is_builtin else self._meet(base)

    def _raised(self, error: BaseException) -> dict[str, object]:
        self._found[-1].append(error)
        found = len(self._found[-1])
        try:
            text = str(error)[:_TEXT_MAX]
        except BaseException:  # noqa: BLE001  (the candidate's exception may do anything)
            text = ""
        try:
            args = to_tree(list(error.args), self)
        except BaseException:  # noqa: BLE001  (so may what it carries)
            args = None
            del self._found[-1][found:]
        name = type(error).__name__
        is_builtin = getattr(builtins, name, None) is type(error)
        kind: object = name if is_builtin else self._meet(type(error))
        raised = {"class": kind, "args": args, "text": text, "h": self._meet(error)}
        return raised | (
            {"fields": self._fields_of(error)} if self._nodes.is_shared(type(error)) else {}
        )

    def _fields_of(self, error: BaseException) -> list[object]:
        found = len(self._found[-1])
        try:
            return [[name, to_tree(field, self)] for name, field in vars(error).items()]
        except EncodingError:
            del self._found[-1][found:]
            return []


_KINDS = {
    types.FunctionType: "function",
    types.BuiltinFunctionType: "function",
    types.MethodType: "function",
    functools.partial: "function",
    type(functools.lru_cache(lambda: None)): "function",
    types.GeneratorType: "generator",
    types.CoroutineType: "coroutine",
    types.ModuleType: "module",
}


def _is_builtin_iterator(kind: type) -> bool:
    return kind.__module__ == "builtins" and hasattr(kind, "__next__")


def _is_method(name: str, item: object) -> bool:
    plainly = type(item).__name__ in ("function", "staticmethod", "classmethod")
    return plainly and not (name.startswith("__") and name.endswith("__"))


def _hashable(names: dict[str, Any]) -> list[str]:
    """Leave out what a class says that it has not: `__hash__ = None`."""
    return [name for name, item in names.items() if item is not None]


def _import(module: str, *path: str) -> object:
    """Find what a test passes on from a library."""
    __import__(module)
    found: Any = sys.modules[module]
    for name in path:
        found = getattr(found, name)
    return found


def _set_random_state(numbers: list[int], gauss: float | None) -> None:
    """Go on with random numbers where the tests have left them."""
    import random  # noqa: PLC0415  (loaded already, with a state that all guests have)

    random.setstate((3, tuple(numbers), gauss))


def _run_to_its_end(awaitable: Any) -> object:  # noqa: ANN401  (the candidate's)
    import asyncio  # noqa: PLC0415  (a zygote must stay small)

    async def run() -> object:
        return await awaitable

    return asyncio.run(run())
