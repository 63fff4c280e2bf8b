"""Functions and iterators of the tests', as the candidate sees them."""

import asyncio
import io
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from tests.unit.verifier.test_code.harness.joined import Joined


@pytest.fixture
def joined() -> Joined:
    """Return a harness and a candidate's guest."""
    return Joined()


def seen_by_nobody() -> None:
    """Do nothing."""


def test_a_call_runs_the_function_of_the_tests(joined: Joined) -> None:
    """What the function changes is seen by the tests."""
    seen: list[object] = []
    apply = joined.define("def apply(f, x): f(x); f(x + 1)", "apply")
    apply(seen.append, 1)
    assert seen == [1, 2]


def test_arguments_reach_their_parameters(joined: Joined) -> None:
    """Positional, default, keyword and variable arguments arrive as in one process."""

    def show(a: int, /, b: int = 2, *rest: int, c: int = 3, **more: int) -> object:
        return a, b, rest, c, more

    calls = "show(1), show(1, 5), show(1, 5, 6), show(1, b=7), show(1, c=8, d=9)"
    run = joined.define(f"def run(show): return [{calls}]", "run")
    assert run(show) == eval(f"[{calls}]", {"show": show})


def test_wrong_arguments_raise_type_error(joined: Joined) -> None:
    """A function is called with the parameters that it has."""
    run = joined.define("def run(f): return f(1, 2)", "run")
    with pytest.raises(TypeError, match="takes 1 positional argument but 2 were given"):
        run(lambda x: x)


def test_defaults_stay_the_objects_of_the_tests(joined: Joined) -> None:
    """A default that is left out, a list that grows, is the function's own."""

    def collect(x: int, into: list[int] = []) -> int:  # noqa: B006  (as some tests do)
        into.append(x)
        return len(into)

    run = joined.define("def run(f): return [f(1), f(2)]", "run")
    assert run(collect) == [1, 2]


def test_a_function_can_be_inspected(joined: Joined) -> None:
    """All but the defaults, which may be what the tests expect, is as in the original."""

    def area(width: int, height: float = 2.5, *, unit: str = "m") -> float:
        """Compute."""
        return width * height * len(unit)

    source = """
        import functools, inspect
        def look(f):
            spec = inspect.getfullargspec(f)
            wrapped = functools.wraps(f)(lambda: None)
            return (f.__name__, f.__doc__, str(inspect.signature(f)), spec.args,
                    f.__code__.co_argcount, f.__annotations__["width"] is int,
                    inspect.isfunction(f), wrapped.__name__, wrapped.__wrapped__ is f)
    """
    shown = joined.define(source, "look")(area)
    text = "(width: int, height: float = ..., *, unit: str = ...) -> float"
    expected = ("area", "Compute.", text, ["width", "height"], 2, True, True, "area", True)
    assert shown == expected


def test_functions_among_the_defaults_can_be_called(joined: Joined) -> None:
    """A default that is a function is one for the candidate, too."""
    run = joined.define("def run(f): return f.__defaults__[0](3)", "run")
    assert run(lambda x, y=lambda a: a * 2: x + y(2)) == 6


def test_attributes_of_a_function_are_current(joined: Joined) -> None:
    """A counter that the tests keep on a function is read after the calls."""

    def count() -> None:
        count.calls += 1  # type: ignore[attr-defined]

    count.calls = 0  # type: ignore[attr-defined]
    assert joined.define("def run(f): f(); f(); return f.calls", "run")(count) == 2


def test_a_function_comes_back_as_itself(joined: Joined) -> None:
    """What a candidate returns unchanged is the very object of the tests."""
    seen: list[object] = []
    for function in (seen_by_nobody, seen.append):
        assert joined.define("def same(f): return f", "same")(function) is function


def test_exceptions_of_a_function_reach_the_candidate(joined: Joined) -> None:
    """A callback that fails can be retried."""
    failures = iter([True, True, False])

    def flaky() -> str:
        if next(failures):
            raise ConnectionError("down")
        return "up"

    source = """
        def retry(f):
            for count in range(5):
                try:
                    return count, f()
                except ConnectionError as error:
                    assert str(error) == "down"
    """
    assert joined.define(source, "retry")(flaky) == (2, "up")


def test_coroutine_functions_are_awaited(joined: Joined) -> None:
    """They are coroutine functions for the candidate, also while a loop of the tests runs."""

    async def fetch(x: int) -> int:
        await asyncio.sleep(0)
        return x + 1

    source = """
        import asyncio, inspect
        def run(f):
            async def both():
                return await asyncio.gather(f(1), f(2))
            return inspect.iscoroutinefunction(f), asyncio.run(both())
    """
    assert joined.define(source, "run")(fetch) == (True, [2, 3])
    step = """
        def step(f):
            try:
                f(5).send(None)
            except StopIteration as stop:
                return stop.value
    """

    async def inside() -> Any:
        return joined.define(step, "step")(fetch)

    assert asyncio.run(inside()) == 6
    joined.close()


def test_asynchronous_generators_are_iterated(joined: Joined) -> None:
    """`async for` works on what the tests' function returns."""

    async def count(n: int) -> AsyncIterator[int]:
        for number in range(n):
            await asyncio.sleep(0)
            yield number

    source = """
        import asyncio
        def run(f):
            async def listed():
                return [x async for x in f(3)]
            return asyncio.run(listed())
    """
    assert joined.define(source, "run")(count) == [0, 1, 2]
    joined.close()


def test_generators_run_step_by_step(joined: Joined) -> None:
    """They yield on demand, take what is sent, and are closed when the candidate closes them."""
    log: list[str] = []

    def talk() -> Iterator[Any]:
        try:
            heard = yield "ready"
            yield heard
            log.append("too far")
        finally:
            log.append("closed")

    source = "def run(it):\n    r = [next(it), it.send(5)]\n    it.close()\n    return r"
    assert joined.define(source, "run")(talk()) == ["ready", 5]
    assert log == ["closed"]


def test_iterators_are_consumed_only_as_far_as_the_candidate_goes(joined: Joined) -> None:
    """The rest is left for the tests."""
    rest = iter([1, 2, 3])
    assert joined.define("def run(it): return next(it)", "run")(rest) == 1
    assert list(rest) == [2, 3]
    assert joined.define("def run(it): return list(it)", "run")(map(str, [1, 2])) == ["1", "2"]


def test_what_tests_bind_to_a_parameter_stays_with_them(joined: Joined) -> None:
    """Defaults may be what the tests expect; the function still has them."""
    run = joined.define("def run(f): return f(1), repr(f.__defaults__)", "run")
    assert run(lambda i, answers=[11, 12], step=2: answers[i] * step) == (24, "(..., ...)")


def test_bound_methods_are_one_object_for_the_candidate(joined: Joined) -> None:
    """Python makes a new one each time that it is read, and `list.remove` compares them."""
    names: list[str] = []
    number_of = joined.exports.number_of
    assert number_of(names.append) == number_of(names.append) != number_of([].append)
    text = io.StringIO()
    assert number_of(text.write) == number_of(text.write)
