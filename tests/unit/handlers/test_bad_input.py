"""Broken and hostile events: each gives rows or a clear error, and never a crash or a hang.

All events go through the Lambda's handler and a real sandbox.
"""

import copy
import json
import math
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nova_code_verifier.handlers.reward import lambda_handler
from nova_code_verifier.handlers.service import OutageError
from nova_code_verifier.handlers.wire import MalformedEventError, ResponseTooLargeError

HANG_SECONDS = 20.0  # one call takes milliseconds; a hang takes minutes
BIG = "x" * 5_000_000
SURROGATE = "\ud800"

ECHO = "def f(x):\n    return x"
ADDING = "a, b = map(int, input().split())\nprint(a + b)"
ADD: dict[str, Any] = {
    "tests": {"kind": "stdio", "cases": [{"stdin": "1 2\n", "stdout": "3\n"}]},
    "limits": {"cpu_seconds": 2, "wall_seconds": 6, "memory_mb": 256, "output_bytes": 100_000},
    "checker": {"kind": "numeric", "abs_tol": 0.5, "rel_tol": 0.5},
    "language": "python",
}


def call(arguments: list[object], expected: object, **fields: object) -> dict[str, Any]:
    """Return a reference with one call of `f`."""
    cases = [{"args": arguments, "expected": expected}]
    return {"tests": {"kind": "call", "entry_point": "f", "cases": cases}, **fields}


def sample(program: str = ADDING, reference: object = ADD, **fields: object) -> dict[str, Any]:
    """Return a sample, which is correct by default."""
    content = f"```python\n{program}\n```\n"
    messages = [{"role": "user", "content": "Add."}, {"role": "assistant", "content": content}]
    return {"id": "s-1", "messages": messages, "reference_answer": reference, **fields}


GOOD = sample()


def rows(event: object) -> list[dict[str, Any]]:
    """Return the rows for *event*; fail if they cannot be sent, or if the handler hangs."""
    started = time.monotonic()
    answer: Any = lambda_handler(event)

    assert time.monotonic() - started < HANG_SECONDS
    json.dumps(answer, allow_nan=False, ensure_ascii=False).encode("utf-8")
    return list(answer)


def row_of(sent: object) -> dict[str, Any]:
    """Send a sample together with a correct one, and return its row; the other must not change."""
    row, good = rows([sent, GOOD])

    assert good["aggregate_reward_score"] == 1.0
    return row


def metric(row: dict[str, Any], name: str) -> float:
    """Return one metric of a row."""
    (value,) = [metric["value"] for metric in row["metrics_list"] if metric["name"] == name]
    return float(value)


def correctness(sent: object) -> float:
    """Return the correctness of a sample; fail if it is ungraded."""
    row = row_of(sent)

    assert metric(row, "ungraded") == 0
    return metric(row, "correctness")


def is_ungraded(sent: object) -> bool:
    """Return whether the row of a sample says that it is ungraded."""
    row = row_of(sent)

    assert row["aggregate_reward_score"] == 0
    return metric(row, "ungraded") == 1


def short(value: object) -> str:
    """Return a short test id for a value."""
    try:
        return ascii(value)[:30]
    except ValueError:
        return "a huge int"


def nested(wrap: Callable[[object], object], depth: int) -> object:
    """Wrap a number in *depth* boxes."""
    value: object = 7
    for _ in range(depth):
        value = wrap(value)
    return value


BOXES: dict[str, Callable[[object], object]] = {
    "lists": lambda inner: [inner],
    "dicts": lambda inner: {"k": inner},
}
on_both_boxes = pytest.mark.parametrize("wrap", BOXES.values(), ids=BOXES.keys())

# Events


@pytest.mark.parametrize(
    "event",
    [
        {},
        None,
        0,
        7,
        1.5,
        True,
        math.nan,
        "",
        "text",
        SURROGATE,
        BIG,
        (),
        {"batch": {}},
        {"trajectories": None},
        {"body": None},
        {"body": ""},
        {"body": "[" * 100_000},
        {"body": BIG},
        {"body": {"body": []}},
        {"unknown": [GOOD]},
        {SURROGATE: SURROGATE},
        10**5000,
    ],
    ids=short,
)
def test_an_event_without_samples_is_a_clear_error(event: object) -> None:
    """An event without samples raises one sentence with what was found and expected."""
    with pytest.raises(MalformedEventError, match=r"^(event|body): expected .{0,300}$"):
        lambda_handler(event)


@pytest.mark.parametrize("event", [[], {"batch": []}, {"trajectories": []}])
def test_an_empty_list_has_no_rows(event: object) -> None:
    """An empty event has an empty response."""
    assert lambda_handler(event) == []


@pytest.mark.parametrize(
    "value",
    [
        None,
        0,
        True,
        "text",
        BIG,
        SURROGATE,
        [],
        [[]],
        [GOOD],
        {},
        {"messages": None},
        {"messages": {}},
        {"messages": [[]]},
        {"messages": [None]},
        {"messages": [{"role": None}]},
        {"messages": [{"role": "assistant", "content": 7}]},
        {"messages": [{"role": "assistant", "content": [None]}]},
        {"messages": [{"role": "assistant", "content": {"text": [BIG]}}]},
        {"messages": [{"role": ["assistant"], "content": ""}]},
    ],
    ids=short,
)
def test_a_value_that_is_not_a_sample_is_ungraded(value: object) -> None:
    """A value that is not a sample has an ungraded row, and changes no other row."""
    assert is_ungraded(value)


@on_both_boxes
def test_a_deeply_nested_sample_is_ungraded(wrap: Callable[[object], object]) -> None:
    """A sample of 100,000 nested boxes has an ungraded row."""
    assert is_ungraded(nested(wrap, 100_000))


def test_a_thousand_samples_have_a_thousand_rows() -> None:
    """A thousand correct samples in one event are all scored."""
    rewards = [row["aggregate_reward_score"] for row in rows([GOOD] * 1000)]

    assert rewards == [1.0] * 1000


def test_a_thousand_bad_samples_have_a_thousand_rows() -> None:
    """A thousand broken samples in one event have a thousand rows."""
    assert len(rows([7, None, {}, {"messages": 7}] * 250)) == 1000


# Ids


def test_a_large_id_is_returned() -> None:
    """An id of five megabytes is returned."""
    assert row_of(sample(id=BIG))["id"] == BIG


def test_a_response_that_is_too_large_is_a_clear_error() -> None:
    """Ids that make the response too large for Lambda raise an error with its size."""
    with pytest.raises(ResponseTooLargeError, match=r"^response: \d+ bytes, but Lambda"):
        lambda_handler([sample(id=BIG), sample(id=BIG)])


@on_both_boxes
def test_a_deeply_nested_id_is_not_returned(wrap: Callable[[object], object]) -> None:
    """A sample whose id no JSON encoder can write is ungraded, with the id null."""
    row = row_of(sample(id=nested(wrap, 100_000)))

    assert (row["id"], metric(row, "ungraded")) == (None, 1)


@pytest.mark.parametrize(
    ("sent", "echoed"),
    [
        (SURROGATE, "\ufffd"),
        (math.nan, None),
        ([math.inf, {SURROGATE: 1}], [None, {"\ufffd": 1}]),
        (10**300, 10**300),
    ],
)
def test_values_in_an_id_that_are_not_json_are_replaced(sent: object, echoed: object) -> None:
    """Values that would crash the sender or the reader of an id are replaced."""
    assert row_of(sample(id=sent))["id"] == echoed


def test_an_id_of_too_many_digits_affects_one_sample() -> None:
    """An integer id of 5000 digits does not change the row of another sample."""
    row_of(sample(id=10**5000))


# Completions


def test_a_program_of_two_megabytes_is_run() -> None:
    """A program of two megabytes is run and scored."""
    assert correctness(sample(f"x = '{'a' * 2_000_000}'\n{ADDING}")) == 1.0


@pytest.mark.parametrize(
    "content",
    [
        BIG,
        "word " * 400_000,
        "`" * 2_000_000,
        "```python\n" * 200_000,
        "<think>" * 300_000,
        "</think>" * 250_000,
        "\n" * 2_000_000,
        "(" * 2_000_000,
        "\\boxed{" * 300_000,
        "~~~\n```\n" * 250_000,
        "\u3000" * 1_000_000,
        SURROGATE * 1_000_000,
        "\x00" * 1_000_000,
    ],
    ids=short,
)
def test_a_long_completion_without_a_program_earns_nothing(content: str) -> None:
    """Megabytes of repeated text are parsed without a hang, and score 0."""
    sent = {**GOOD, "messages": [{"role": "assistant", "content": content}]}

    assert correctness(sent) == 0.0


@pytest.mark.parametrize(
    "program",
    [
        "print(3)\x00",
        "\x00" * 100_000,
        "\ufeffprint(3",
        f"print('{SURROGATE}')",
        "(" * 1_000_000,
        "x = " + "-" * 1_000_000 + "1",
        "x = " + "[" * 100_000 + "]" * 100_000,
        "x = " + "9" * 100_000,
        "if 1:\n" + "\n".join(" " * depth + "if 1:" for depth in range(1, 500)),
        "# coding: nonsense\nprint(3)",
        "from __future__ import braces",
        "return 3",
        "import this_is_no_module",
    ],
    ids=short,
)
def test_text_that_python_cannot_compile_is_wrong(program: str) -> None:
    """Text that breaks Python's compiler scores 0, and is not ungraded."""
    assert correctness(sample(program)) == 0.0


@pytest.mark.parametrize("key", ["role", "content", "key"])
def test_surrogates_in_a_prompt_change_nothing(key: str) -> None:
    """A lone surrogate in another turn does not change the score."""
    turn = {"role": "user", "content": "Add."}
    turn[key] = SURROGATE
    sent = {**GOOD, "messages": [turn, *GOOD["messages"][1:]], SURROGATE: SURROGATE}

    assert correctness(sent) == 1.0


def test_a_program_with_a_surrogate_gets_a_verdict() -> None:
    """A program that UTF-8 cannot encode gets a verdict, and is not ungraded."""
    row = row_of(sample(f"# {SURROGATE}\n{ADDING}"))

    assert metric(row, "ungraded") == 0


# References


@pytest.mark.parametrize(
    "reference",
    [
        None,
        0,
        True,
        "",
        "text",
        BIG,
        SURROGATE,
        math.nan,
        [],
        [[]],
        [None],
        {},
        {BIG: 1},
        {SURROGATE: 1},
        {"tests": None},
        {"tests": BIG},
        {"tests": {"kind": SURROGATE}},
        {"tests": {"kind": "stdio", "cases": BIG}},
        {"tests": {"kind": "stdio", "cases": {}}},
        {"tests": {"kind": "stdio", "cases": [[]]}},
        {"tests": {"kind": "stdio", "cases": [{"stdin": 1, "stdout": "1"}]}},
        {**ADD, "limits": {"cpu_seconds": math.nan}},
        {**ADD, "limits": {"cpu_seconds": math.inf}},
        {**ADD, "limits": {"cpu_seconds": 10**5000}},
        {**ADD, "limits": {"memory_mb": -1}},
        {**ADD, "checker": {"kind": "numeric", "abs_tol": math.nan}},
        {**ADD, "language": BIG},
        {f"tests{number}": 1 for number in range(100_000)},
        "[" * 1_000_000,
        '{"tests":' * 100_000,
        json.dumps("[" * 100_000),
        json.dumps(json.dumps(json.dumps(ADD))),
    ],
    ids=short,
)
def test_an_unusable_reference_is_ungraded(reference: object) -> None:
    """A reference of any wrong shape makes its sample ungraded."""
    assert is_ungraded(sample(reference=reference))


@on_both_boxes
@pytest.mark.parametrize("depth", [50, 500, 100_000])
def test_a_deeply_nested_reference_is_ungraded(
    wrap: Callable[[object], object], depth: int
) -> None:
    """A reference of nested boxes makes its sample ungraded, whatever its depth."""
    assert is_ungraded(sample(reference=nested(wrap, depth)))


@pytest.mark.parametrize("times", [1, 2])
def test_a_reference_may_be_json_in_a_string(times: int) -> None:
    """A reference may be a JSON string, or a JSON string of a JSON string."""
    reference: object = ADD
    for _ in range(times):
        reference = json.dumps(reference)

    assert correctness(sample(reference=reference)) == 1.0


def test_a_large_input_reaches_the_program() -> None:
    """The program reads five megabytes of standard input."""
    tests = {"kind": "stdio", "cases": [{"stdin": BIG, "stdout": str(len(BIG))}]}

    assert correctness(sample("print(len(input()))", {"tests": tests})) == 1.0


def test_a_large_argument_and_result_are_transported() -> None:
    """An argument and a result of five megabytes are transported."""
    assert correctness(sample(ECHO, call([BIG], BIG))) == 1.0


@pytest.mark.parametrize("value", [SURROGATE, {SURROGATE: [SURROGATE]}, "\x00", "\u2028"])
def test_any_text_can_be_an_argument(value: object) -> None:
    """Text that no file can contain is transported to a function and back."""
    assert correctness(sample(ECHO, call([value], value))) == 1.0


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf, -0.0, 5e-324, 10**300, -(2**64)])
def test_any_number_can_be_an_argument(number: float) -> None:
    """Numbers that are not JSON, and numbers of any size, are transported unchanged."""
    assert correctness(sample(ECHO, call([number], number))) == 1.0


def test_an_integer_of_too_many_digits_can_be_an_argument() -> None:
    """An integer that Python does not convert to text is transported unchanged."""
    assert correctness(sample(ECHO, call([10**5000], 10**5000))) == 1.0


@pytest.mark.parametrize("expected", [math.nan, math.inf, [{"k": math.nan}]])
def test_an_expected_value_may_be_nan_or_infinite(expected: object) -> None:
    """A finite result is wrong if NaN or infinity is expected."""
    assert correctness(sample(ECHO, call([7], expected))) == 0.0


@on_both_boxes
def test_an_argument_of_100_levels_is_transported(wrap: Callable[[object], object]) -> None:
    """An argument with 100 levels is transported to a function and back."""
    deep = nested(wrap, 100)

    assert correctness(sample(ECHO, call([deep], deep))) == 1.0


@on_both_boxes
@pytest.mark.parametrize("depth", [300, 100_000])
def test_arguments_that_are_too_deep_are_ungraded(
    wrap: Callable[[object], object], depth: int
) -> None:
    """Arguments that the encoding refuses make their sample ungraded."""
    assert is_ungraded(sample(ECHO, call([nested(wrap, depth)], 7)))


@on_both_boxes
@pytest.mark.parametrize("depth", [300, 100_000])
def test_an_expected_value_of_any_depth_is_compared(
    wrap: Callable[[object], object], depth: int
) -> None:
    """An expected value of any depth is compared, and differs from a flat result."""
    assert correctness(sample(ECHO, call([7], nested(wrap, depth)))) == 0.0


@pytest.mark.parametrize(
    "name",
    [
        "",
        " ",
        "f()",
        "f.g",
        "f\n",
        "lambda",
        "None",
        "1",
        "Solution().",
        "Solution().Solution().f",
        "solution().",
        "1().f",
        "Solution()f",
        "os.system",
        "__import__('os')",
        SURROGATE,
        "\x00",
        None,
        7,
        [],
    ],
    ids=short,
)
def test_an_invalid_entry_point_is_ungraded(name: object) -> None:
    """An entry point that is not a name or a method of a class makes its sample ungraded."""
    reference = call([7], 7)
    reference["tests"]["entry_point"] = name

    assert is_ungraded(sample(ECHO, reference))


@pytest.mark.parametrize(
    "name",
    ["g", "print", "__builtins__", "__name__", "Solution().f", "\u51fd\u6570", BIG],
    ids=short,
)
def test_a_missing_entry_point_is_wrong(name: str) -> None:
    """An entry point that the program does not define, or that cannot be called, scores 0."""
    reference = call([7], 7)
    reference["tests"]["entry_point"] = name

    assert correctness(sample(ECHO, reference)) == 0.0


# Many cases


def test_ten_thousand_calls_are_graded() -> None:
    """A reference with ten thousand calls is graded."""
    cases = [{"args": [number], "expected": number} for number in range(10_000)]
    reference = {"tests": {"kind": "call", "entry_point": "f", "cases": cases}}

    assert correctness(sample(ECHO, reference)) == 1.0


def test_five_hundred_runs_are_graded() -> None:
    """A reference with five hundred runs is graded."""
    cases = [{"stdin": f"{number} 1\n", "stdout": f"{number + 1}\n"} for number in range(500)]

    assert correctness(sample(reference={"tests": {"kind": "stdio", "cases": cases}})) == 1.0


def test_too_many_cases_are_ungraded() -> None:
    """A reference with 100,001 cases makes its sample ungraded."""
    cases = [{"stdin": "", "stdout": ""}] * 100_001

    assert is_ungraded(sample(reference={"tests": {"kind": "stdio", "cases": cases}}))


# Anything anywhere

junk = st.one_of(
    st.none(),
    st.booleans(),
    st.sampled_from([0, -1, 7, 10**30, math.nan, math.inf, -0.0, 1e-300]),
    st.sampled_from(["", " ", SURROGATE, "\x00", "{", "[]", "null", "1", "kind", "stdio", "call"]),
    st.text(st.characters(exclude_categories=()), max_size=5),
    st.builds(list),
    st.builds(dict),
    st.sampled_from([[None], [[]], [{}], {"": None}, {"text": ""}, {"kind": "call"}]),
    st.sampled_from([nested(BOXES["lists"], 300), nested(BOXES["dicts"], 300)]),
)
SEED: list[dict[str, Any]] = [
    sample(),
    sample(ECHO, call([{"k": [1, 2.5, None]}], {"k": [1, 2.5, None]})),
    sample(ADDING, {"inputs": ["1 2"], "outputs": ["3"], "time_limit": "2 s"}),
    sample(ECHO, {"inputs": [[[1]]], "outputs": [[[1]]], "fn_name": "f"}),
    {
        "id": 7,
        "messages": [{"role": "nova_assistant", "content": [{"type": "text", "text": "print(3)"}]}],
        "metadata": {"reference_answer": json.dumps(ADD)},
    },
]

Path = tuple[str | int, ...]


def paths(value: object, here: Path = ()) -> Iterator[Path]:
    """Yield the paths of all values in a JSON value."""
    if here:
        yield here
    items: Any = ()
    if isinstance(value, dict):
        items = value.items()
    elif isinstance(value, list):
        items = enumerate(value)
    for key, inner in items:
        yield from paths(inner, (*here, key))


PATHS = list(paths(SEED))


def put(event: Any, path: Path, value: object) -> None:
    """Replace the value at *path*, unless an earlier change removed it."""
    *parents, last = path
    try:
        for key in parents:
            event = event[key]
        if isinstance(last, str) == isinstance(event, dict):  # a key in JSON is text
            event[last] = value
    except (IndexError, KeyError, TypeError):
        return


@settings(max_examples=150)
@given(changes=st.lists(st.tuples(st.sampled_from(PATHS), junk), min_size=1, max_size=3))
def test_junk_anywhere_in_an_event_affects_one_sample(
    changes: list[tuple[Path, object]],
) -> None:
    """With junk anywhere in a sample, each sample has a row, and the correct one is not changed."""
    event = copy.deepcopy(SEED)
    for path, value in changes:
        put(event, path, value)

    answered = rows([*event, GOOD])

    assert len(answered) == len(event) + 1
    assert answered[-1]["aggregate_reward_score"] == 1.0
    assert all(0 <= row["aggregate_reward_score"] <= 1 for row in answered)


json_values = st.recursive(
    junk,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                ["id", "messages", "role", "content", "reference_answer", "batch", "body"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=15,
)


@settings(max_examples=250)
@given(json_values)
def test_any_event_has_rows_or_a_clear_error(event: object) -> None:
    """Any event has rows, or raises one short sentence."""
    try:
        rows(event)
    except (MalformedEventError, OutageError) as error:
        refusal = str(error)
    else:
        refusal = ""

    assert len(refusal) < 400
