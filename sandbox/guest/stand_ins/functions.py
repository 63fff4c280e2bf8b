"""Stand-ins for functions of the tests: real functions, with the parameters of the original.

A call asks the harness. Arguments that are left out stay left out: their defaults are the tests'.
"""

import builtins
import inspect
import keyword
from collections.abc import AsyncIterator, Callable, Generator, Iterator
from typing import Any

from nova_code_verifier.sandbox.guest.awaiting import run_there
from nova_code_verifier.sandbox.guest.stand_ins.table import ask, remember
from nova_code_verifier.sandbox.protocol.exports import (
    Description,
    Flavour,
    Parameter,
    Request,
    Walk,
)

_KINDS = tuple(inspect._ParameterKind)  # noqa: SLF001  (`inspect` gives its members no other name)
_ANY: list[Parameter] = [{"name": "args", "kind": 2}, {"name": "kwargs", "kind": 4}]
_HEADS = {
    Flavour.PLAIN: "def {name}({parameters}):\n    return {call}",
    Flavour.COROUTINE: "async def {name}({parameters}):\n    return await {call}",
    Flavour.GENERATOR: "def {name}({parameters}):\n    return (yield from {call})",
    Flavour.ASYNC_GENERATOR: (
        "async def {name}({parameters}):\n    async for item in {call}:\n        yield item"
    ),
}
_NAME = "stand_in"


def new_function(
    description: Description, number: int, request: Request, read: Walk
) -> Callable[..., Any]:
    """Make the stand-in for a function of the tests'. *read* reads the values of defaults."""
    flavour = Flavour(description.get("flavour", ""))
    is_coroutine = flavour is Flavour.COROUTINE
    listed = description.get("parameters")
    parameters = listed if listed is not None and all(map(_is_usable, listed)) else _ANY
    attributes = description.get("attributes", [])
    defaults = {p["name"]: _default(p, read) for p in parameters if "default" in p}

    def call(positional: Any, rest: Any, named: Any, more: Any) -> object:  # noqa: ANN401  (see `_source`)
        if not rest:
            while positional and defaults.get(positional[-1][0], call) is positional[-1][1]:
                positional = positional[:-1]
        given = {key: value for key, value in named.items() if defaults.get(key, call) is not value}
        arguments = [value for _, value in positional]
        try:
            if is_coroutine:
                return run_there(request, "run", number, *arguments, *rest, **given, **more)
            return request("call", number, *arguments, *rest, **given, **more)
        finally:
            if attributes:
                attached.update(request("attributes", number))

    function: Any = _compiled(flavour, parameters, defaults, call)
    attached: Any = function.__dict__
    name = description.get("name", _NAME)
    code = function.__code__.replace(co_name=name)
    function.__code__ = code.replace(co_qualname=description.get("qualname", name))
    function.__name__, function.__qualname__ = name, description.get("qualname", name)
    function.__module__, function.__doc__ = description.get("module", ""), description.get("doc")
    function.__annotations__ = {
        p["name"]: read(p["annotation"]) for p in parameters if "annotation" in p
    }
    if description.get("returns") is not None:
        function.__annotations__["return"] = read(description["returns"])
    signature = description.get("signature")
    if signature is not None:
        function.__signature__ = _signature(signature, read)
    attached.update({key: read(tree) for key, tree in attributes})
    return remember(function, number, request)  # type: ignore[no-any-return]


class Hidden:
    """A default that stays with the tests."""

    def __repr__(self) -> str:
        return "..."


def _default(parameter: Parameter, read: Walk) -> object:
    return read(parameter["default"][0]) if parameter["default"] else Hidden()


def _is_usable(parameter: Parameter) -> bool:
    name = parameter["name"]
    return name.isidentifier() and not keyword.iskeyword(name) and not name.startswith("__")


def _compiled(
    flavour: Flavour,
    parameters: list[Parameter],
    defaults: dict[str, object],
    call: Callable[..., object],
) -> Any:  # noqa: ANN401  (a function)
    """Compile a function with these parameters that passes its arguments to *call*."""
    head, arguments = _source(parameters)
    source = _HEADS[flavour].format(name=_NAME, parameters=head, call=f"__call__({arguments})")
    scope = {"__call__": call, "__defaults__": defaults, "__builtins__": builtins}
    exec(compile(source, "<tests>", "exec"), scope)  # noqa: S102  (names and nothing else, see `_is_usable`)
    return scope[_NAME]


def _source(parameters: list[Parameter]) -> tuple[str, str]:
    """Return the source of a list of parameters, and of the four arguments of `call`."""
    head: list[str] = []
    positional, named, rest, more = "", "", "()", "{}"
    kinds = [_KINDS[parameter["kind"]] for parameter in parameters]
    for index, (parameter, kind) in enumerate(zip(parameters, kinds, strict=True)):
        name = parameter["name"]
        default = f"=__defaults__[{name!r}]" if "default" in parameter else ""
        match kind:
            case inspect.Parameter.VAR_POSITIONAL:
                head.append("*" + name)
                rest = name
            case inspect.Parameter.VAR_KEYWORD:
                head.append("**" + name)
                more = name
            case inspect.Parameter.KEYWORD_ONLY:
                if rest == "()" and "*" not in head:
                    head.append("*")
                head.append(name + default)
                named += f"{name!r}: {name}, "
            case _:
                head.append(name + default)
                positional += f"({name!r}, {name}), "
                is_last = kinds[index + 1 :][:1] != [kind]
                if kind is inspect.Parameter.POSITIONAL_ONLY and is_last:
                    head.append("/")
    return ", ".join(head), f"({positional}), {rest}, {{{named}}}, {more}"


def _signature(parameters: list[Parameter], read: Walk) -> inspect.Signature:
    made = [
        inspect.Parameter(
            parameter["name"],
            _KINDS[parameter["kind"]],
            default=_default(parameter, read) if "default" in parameter else inspect._empty,  # noqa: SLF001
        )
        for parameter in parameters
    ]
    return inspect.Signature(made)


def new_iterator(number: int, request: Request) -> "StandInIterator":
    """Make the stand-in for an iterator of the tests'."""
    iterator = StandInIterator()
    remember(iterator, number, request)
    return iterator


class StandInIterator:
    """Stands for an iterator."""

    def __iter__(self) -> "StandInIterator":
        return self

    def __next__(self) -> object:
        return ask(self, "next")


def new_generator(number: int, request: Request) -> Iterator[object]:
    """Make the stand-in for a generator of the tests': a real one."""

    def generate() -> Generator[object, object, object]:
        operation = "next"
        operands: tuple[object, ...] = ()
        while True:
            try:
                value = request(operation, number, *operands)
            except StopIteration as stop:
                return stop.value
            try:
                sent = yield value
            except GeneratorExit:  # not by garbage collection: the table keeps stand-ins
                request("close", number)
                raise
            except BaseException as error:  # noqa: BLE001  (thrown in: the tests' generator gets it)
                operation, operands = "throw", (error,)
            else:
                operation, operands = ("next", ()) if sent is None else ("send", (sent,))

    generator = generate()
    remember(generator, number, request)
    return generator


def new_coroutine(number: int, request: Request) -> Any:  # noqa: ANN401  (a coroutine)
    """Make the stand-in for a coroutine or another awaitable of the tests'."""

    async def run() -> object:
        return await run_there(request, "await", number)

    return remember(run(), number, request)


def new_async_generator(number: int, request: Request) -> AsyncIterator[object]:
    """Make the stand-in for an asynchronous generator or iterator of the tests'."""

    async def generate() -> AsyncIterator[object]:
        while True:
            try:
                value = request("anext", number)
            except StopAsyncIteration:
                return
            yield value

    generator = generate()
    remember(generator, number, request)
    return generator
