"""A session of operations on the candidate's objects, in the guest.

In: instructions from `verifier/test_code/grading.py`. Each is an operation on plain data and on
results of earlier operations. Out: answers, as plain data. Other values stay in the guest, and the
answer holds a number (a handle) for each. Candidate code shares this process, so nobody believes
an answer.

An instruction is a JSON object: `op`, the operation; `on`, its operands; `kw`, its keywords;
`nodes` and `shared`, see `SharedObjects`; `guess`, if nobody may ever ask this.

An answer is a JSON object: `is` (the result) or `raised`; `after`, the arguments that the operation
changed in place; `met`, descriptions of the handles that are new; `nodes`, see `SharedObjects`;
`on_plain`, if a guess was an operation on plain data.
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
from collections.abc import Callable, Iterator
from typing import Any

from nova_code_verifier.sandbox.protocol import encoding, shared_types
from nova_code_verifier.sandbox.protocol.encoding import Walk

_TEXT_MAX = 500
_NAMES_MAX = 1000
_ITEMS_MAX = 1000
_ITEMS_SECONDS = 0.02

_FUNCTION_NAMES: dict[types.ModuleType, str] = {
    operator: """
        add and_ contains eq floordiv ge getitem gt iadd iand ifloordiv ilshift imatmul imod imul
        ior ipow irshift isub itruediv ixor le lshift lt matmul mod mul ne or_ pow rshift sub
        truediv xor setitem delitem abs neg pos invert index
    """,
    builtins: """
        getattr setattr delattr len bool str repr int float complex bytes hash format round divmod
        iter reversed next dir
    """,
    math: "trunc floor ceil",
    copy: "copy deepcopy",
}
_OPERATIONS: dict[str, Callable[..., object]] = {
    "call": lambda function, /, *args, **kwargs: function(*args, **kwargs),
    "method": lambda owner, name, /, *args, **kwargs: getattr(owner, name)(*args, **kwargs),
    "enter": lambda context: type(context).__enter__(context),
    "exit": lambda context, *error: type(context).__exit__(context, *(error or (None,) * 3)),
}
for _module, _names in _FUNCTION_NAMES.items():
    _OPERATIONS |= {name.rstrip("_"): getattr(_module, name) for name in _names.split()}
_CHANGING_NAMES = """
    method setattr delattr setitem delitem iadd iand ifloordiv ilshift imatmul imod imul ior ipow
    irshift isub itruediv ixor
"""
_CHANGING = frozenset(_CHANGING_NAMES.split())


class ObjectSession:
    """The results of all operations so far, and the objects that answers referred to."""

    def __init__(self, names: dict[str, Any]) -> None:
        """Start a session on the module whose globals are *names*."""
        self._names = names
        self._results: list[object] = []
        self._referred: list[list[object]] = []
        self._numbers: dict[int, int] = {}
        self._objects: list[object] = []
        self._descriptions: list[dict[str, object]] = []
        self._delayed_errors: dict[int, BaseException] = {}
        self._shared = shared_types.SharedObjects(names)
        self._operations = _OPERATIONS | {
            "name": self._name,
            "take": self._take,
            "await": _run_awaitable,
            "aenter": lambda context: _run_awaitable(type(context).__aenter__(context)),
            "aexit": lambda context: _run_awaitable(
                type(context).__aexit__(context, None, None, None)
            ),
            "aiter": aiter,
            "anext": lambda items: _run_awaitable(anext(items)),
            "random_state": _set_random_state,
        }

    def answer(self, instruction: bytes) -> bytes:
        """Perform one instruction and return the answer. Raises EncodingError for a bad one."""
        request = json.loads(instruction)
        self._descriptions = []
        self._referred.append([])
        self._results.append(None)
        self._shared.read(request.get("nodes", []), request.get("shared", []), self)
        operands = [encoding.from_tree(tree, self) for tree in request["on"]]
        keywords = {name: encoding.from_tree(tree, self) for name, tree in request.get("kw", [])}
        is_guess = request.get("guess", False) and encoding.is_plain(operands[0])
        if is_guess and request["op"] in _CHANGING:
            operands[0] = copy.deepcopy(operands[0])  # the test may never do this
        arguments = [*operands, *keywords.values()]
        trees = [*request["on"], *(tree for _, tree in request.get("kw", []))]
        # Keep the containers, so that no two have the same id.
        containers = list(shared_types.containers_in(arguments))
        answer = self._perform(request["op"], operands, keywords)
        if is_guess:
            answer["on_plain"] = True
        numbers = {id(container): number for number, container in enumerate(containers)}
        extras = {
            "after": self._changed(trees, arguments, numbers),
            "nodes": self._shared.write_table(self),
            "met": self._descriptions,  # last, because the others add to it
        }
        return encoding.dump(answer | {name: extra for name, extra in extras.items() if extra})

    def _perform(
        self, operation: str, operands: list[Any], keywords: dict[str, Any]
    ) -> dict[str, object]:
        try:
            result = self._operations[operation](*operands, **keywords)
        except BaseException as error:  # noqa: BLE001  (the candidate's: it is reported)
            return {"raised": self._raised(error)}
        self._results[-1] = result
        return {"is": encoding.to_tree(result, self)}

    def _changed(
        self, trees: list[object], values: list[object], numbers: dict[int, int]
    ) -> list[object]:
        """Write the values that have changed again, with the containers of the operands marked."""
        changed: list[object] = []
        for tree, value in zip(trees, values, strict=True):
            # An object of the candidate, not a copy of the tests' data.
            is_own = isinstance(tree, dict) and "at" in tree
            if isinstance(tree, list | dict) and encoding.is_plain(value) and not is_own:
                found = len(self._referred[-1])
                now = encoding.to_tree(value, self)
                del self._referred[-1][found:]
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
            tree = {
                "d": [[encoding.to_tree(k, self), self._with_numbers(v, numbers)] for k, v in items]
            }
        else:
            tree = encoding.to_tree(value, self)
        number = numbers.get(id(value))
        return tree if number is None else {"was": [number, tree]}

    # -- operations of our own ---------------------------------------------------------

    def _name(self, name: str) -> object:
        if name not in self._names:
            raise NameError(f"name {name!r} is not defined")
        return self._names[name]

    def _take(self, items: Iterator[object]) -> tuple[bool, list[object]]:
        """Return whether there may be more items, and some items. Raise errors at the next call."""
        found: list[object] = []
        stop_at = time.process_time() + _ITEMS_SECONDS
        if id(items) in self._delayed_errors:
            raise self._delayed_errors.pop(id(items))
        try:
            while len(found) < _ITEMS_MAX and (not found or time.process_time() < stop_at):
                found.append(next(items))
        except StopIteration:
            return False, found
        except BaseException as error:
            if not found:
                raise
            self._delayed_errors[id(items)] = error
        return True, found

    # -- values that are not plain data ------------------------------------------------

    def to_tree(self, value: object, walk: Walk, plain: Callable[[], object] | None) -> object:
        """Write an object as its number. Add the plain data that it is an instance of, if it is."""
        if self._shared.is_shared(type(value)):
            tree = shared_types.write_shared_value(value, walk)
            if tree is not None:
                return tree
            if plain is None and not isinstance(value, BaseException):
                return {"n": self._shared.index_of(value)}
        number = self._number_of(value)
        self._referred[-1].append(value)
        return {"h": number} if plain is None else {"sub": [number, plain()]}

    def from_tree(self, tag: str, content: Any, walk: Walk) -> object:  # noqa: ANN401, PLR0911  (from the keeper; a return for each tag)
        """Return what an instruction refers to."""
        match tag:
            case "at":
                return self._results[content[0]] if len(content) == 1 else self._part(*content)
            case "n":
                return self._shared.nodes[content]
            case "member" | "row":
                return shared_types.read_shared_value(tag, content, self._names, walk)
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
        raise encoding.EncodingError("an unknown tag")

    def _part(self, operation: int, index: int) -> object:
        try:
            return self._referred[operation][index]
        except IndexError:
            raise encoding.EncodingError("at: there is no such earlier result") from None

    def _number_of(self, value: object) -> int:
        """Return the number of an object. Describe an object that has none yet."""
        number = self._numbers.get(id(value))
        if number is None:
            number = self._numbers[id(value)] = len(self._objects)
            self._objects.append(value)
            description: dict[str, object] = {"number": number}
            self._descriptions.append(description)
            description |= self._describe(value)
        return number

    def _describe(self, value: object) -> dict[str, object]:
        if isinstance(value, type):
            mro = type.__dict__["__mro__"].__get__(value)
            own = [names for base in mro if base is not object for names in (vars(base),)]
            found = {name: item for names in reversed(own) for name, item in names.items()}
            # Without those that the class disables, as `__hash__ = None` does.
            enabled = [name for name, item in found.items() if item is not None]
            return {
                "kind": "class",
                "is_shared": self._shared.is_shared(value),
                "name": str(type.__dict__["__name__"].__get__(value))[:_TEXT_MAX],
                "bases": [self._base(base) for base in mro[1:]],
                "specials": sorted(shared_types.SPECIAL_METHODS.intersection(enabled)),
                "methods": [
                    name[:_TEXT_MAX] for name, item in found.items() if _is_method(name, item)
                ][:_NAMES_MAX],
            }
        kind = type(value)
        is_iterator = kind.__module__ == "builtins" and hasattr(kind, "__next__")
        name = _KINDS.get(kind) or ("iterator" if is_iterator else "instance")
        if name != "instance":
            return {"kind": name, "name": str(getattr(value, "__name__", ""))[:_TEXT_MAX]}
        return {"kind": name, "class": self._number_of(kind)}

    def _base(self, base: type) -> object:
        is_builtin = getattr(builtins, base.__name__, None) is base
        return base.__name__ if is_builtin else self._number_of(base)

    def _raised(self, error: BaseException) -> dict[str, object]:
        self._referred[-1].append(error)
        found = len(self._referred[-1])
        try:
            text = str(error)[:_TEXT_MAX]
        except BaseException:  # noqa: BLE001  (the candidate's exception may do anything)
            text = ""
        try:
            args = encoding.to_tree(list(error.args), self)
        except BaseException:  # noqa: BLE001  (so may what it carries)
            args = None
            del self._referred[-1][found:]
        name = type(error).__name__
        is_builtin = getattr(builtins, name, None) is type(error)
        kind: object = name if is_builtin else self._number_of(type(error))
        raised = {"class": kind, "args": args, "text": text, "h": self._number_of(error)}
        return raised | (
            {"fields": self._fields_of(error)} if self._shared.is_shared(type(error)) else {}
        )

    def _fields_of(self, error: BaseException) -> list[object]:
        found = len(self._referred[-1])
        try:
            return [[name, encoding.to_tree(field, self)] for name, field in vars(error).items()]
        except encoding.EncodingError:
            del self._referred[-1][found:]
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


def _is_method(name: str, item: object) -> bool:
    plainly = type(item).__name__ in ("function", "staticmethod", "classmethod")
    return plainly and not (name.startswith("__") and name.endswith("__"))


def _import(module: str, *path: str) -> object:
    """Return an object of a library that a test passes to the candidate."""
    __import__(module)
    found: Any = sys.modules[module]
    for name in path:
        found = getattr(found, name)
    return found


def _set_random_state(numbers: list[int], gauss: float | None) -> None:
    """Continue with random numbers where the tests stopped."""
    import random  # noqa: PLC0415  (loaded already, and all guests have its state)

    random.setstate((3, tuple(numbers), gauss))


def _run_awaitable(awaitable: Any) -> object:  # noqa: ANN401  (the candidate's)
    import asyncio  # noqa: PLC0415  (a zygote must stay small)

    async def run() -> object:
        return await awaitable

    return asyncio.run(run())
