"""A row or a clear error, never a crash, never a stall: what nobody should send, sent.

Everything goes in at the Lambda's front door, and meets a real sandbox.
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

# For one call on an idle machine; what stalls, stalls for minutes.
STALL_SECONDS = 20.0
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
    """Make a reference with one call of `f`."""
    cases = [{"args": arguments, "expected": expected}]
    return {"tests": {"kind": "call", "entry_point": "f", "cases": cases}, **fields}


def sample(program: str = ADDING, reference: object = ADD, **fields: object) -> dict[str, Any]:
    """Make a sample, good unless told otherwise."""
    content = f"```python\n{program}\n```\n"
    messages = [{"role": "user", "content": "Add."}, {"role": "assistant", "content": content}]
    return {"id": "s-1", "messages": messages, "reference_answer": reference, **fields}


GOOD = sample()


def rows(event: object) -> list[dict[str, Any]]:
    """Call the handler; check that its rows can be sent, and that they came in good time."""
    started = time.monotonic()
    answer: Any = lambda_handler(event)

    assert time.monotonic() - started < STALL_SECONDS
    json.dumps(answer, allow_nan=False, ensure_ascii=False).encode("utf-8")
    return list(answer)


def row_of(one: object) -> dict[str, Any]:
    """Send a sample beside a good one, and return its row: the good one must not suffer."""
    row, good = rows([one, GOOD])

    assert good["aggregate_reward_score"] == 1.0
    return row


def metric(row: dict[str, Any], name: str) -> float:
    """Return one metric of a row."""
    (value,) = [one["value"] for one in row["metrics_list"] if one["name"] == name]
    return float(value)


def correctness(one: object) -> float:
    """Return the correctness that a sample gets; it must have been graded."""
    row = row_of(one)

    assert metric(row, "ungraded") == 0
    return metric(row, "correctness")


def is_ungraded(one: object) -> bool:
    """Tell whether a sample's row says that it could not be graded."""
    row = row_of(one)

    assert row["aggregate_reward_score"] == 0
    return metric(row, "ungraded") == 1


def short(value: object) -> str:
    """Name a value in a test's id."""
    try:
        return ascii(value)[:30]
    except ValueError:
        return "a huge int"


def nested(wrap: Callable[[object], object], depth: int) -> object:
    """Wrap a number in so many boxes."""
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
    """The error says what was expected and what was found, in a sentence."""
    with pytest.raises(MalformedEventError, match=r"^(event|body): expected .{0,300}$"):
        lambda_handler(event)


@pytest.mark.parametrize("event", [[], {"batch": []}, {"trajectories": []}])
def test_an_empty_list_has_no_rows(event: object) -> None:
    """To send nothing is no error."""
    assert lambda_handler(event) == []


@pytest.mark.parametrize(
    "one",
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
def test_a_sample_of_another_type_has_a_row_that_says_so(one: object) -> None:
    """What is no sample costs its own row, and no more."""
    assert is_ungraded(one)


@on_both_boxes
def test_a_sample_that_is_nothing_but_depth_has_a_row(wrap: Callable[[object], object]) -> None:
    """No walk through a sample follows it down."""
    assert is_ungraded(nested(wrap, 100_000))


def test_a_thousand_samples_have_a_thousand_rows() -> None:
    """A big batch is slow in proportion."""
    rewards = [row["aggregate_reward_score"] for row in rows([GOOD] * 1000)]

    assert rewards == [1.0] * 1000


def test_a_thousand_bad_samples_have_a_thousand_rows() -> None:
    """So is a big bad one."""
    assert len(rows([7, None, {}, {"messages": 7}] * 250)) == 1000


# Ids


def test_a_big_id_is_echoed() -> None:
    """Five megabytes of id are strange, and sent back."""
    assert row_of(sample(id=BIG))["id"] == BIG


def test_ids_that_make_the_answer_too_big_are_a_clear_error() -> None:
    """Lambda would refuse the answer; we say so, and with which size."""
    with pytest.raises(ResponseTooLargeError, match=r"^response: \d+ bytes, but Lambda"):
        lambda_handler([sample(id=BIG), sample(id=BIG)])


@on_both_boxes
def test_an_id_that_is_nothing_but_depth_costs_its_row(wrap: Callable[[object], object]) -> None:
    """An id that no JSON writer can send is not sent back."""
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
def test_an_id_that_is_no_json_is_mended(sent: object, echoed: object) -> None:
    """What would crash whoever sends or reads an id is replaced."""
    assert row_of(sample(id=sent))["id"] == echoed


def test_an_id_that_python_refuses_to_print_costs_its_row() -> None:
    """An int of five thousand digits is one sample's trouble, not the event's."""
    row_of(sample(id=10**5000))


# Completions


def test_a_program_of_two_megabytes_is_run() -> None:
    """A long program is a program."""
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
    """Megabytes of one thing are looked through in good time."""
    one = {**GOOD, "messages": [{"role": "assistant", "content": content}]}

    assert correctness(one) == 0.0


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
def test_a_program_that_cannot_be_one_is_wrong(program: str) -> None:
    """What breaks a compiler breaks the guest's, and is a verdict."""
    assert correctness(sample(program)) == 0.0


@pytest.mark.parametrize("place", ["role", "content", "key"])
def test_surrogates_in_a_prompt_change_nothing(place: str) -> None:
    """Whatever the other turns hold, the model's answer is scored."""
    turn = {"role": "user", "content": "Add."}
    turn[place] = SURROGATE
    one = {**GOOD, "messages": [turn, *GOOD["messages"][1:]], SURROGATE: SURROGATE}

    assert correctness(one) == 1.0


def test_a_surrogate_in_a_comment_is_what_python_says_it_is() -> None:
    """A file with a lone surrogate is no UTF-8, and no program: a verdict."""
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
def test_a_reference_that_cannot_be_used_has_a_row_that_says_so(reference: object) -> None:
    """Whatever stands in place of tests, the dataset's row is ungraded."""
    assert is_ungraded(sample(reference=reference))


@on_both_boxes
@pytest.mark.parametrize("depth", [50, 500, 100_000])
def test_a_reference_that_is_nothing_but_depth_is_ungraded(
    wrap: Callable[[object], object], depth: int
) -> None:
    """No walk through a reference follows it down."""
    assert is_ungraded(sample(reference=nested(wrap, depth)))


@pytest.mark.parametrize("times", [1, 2])
def test_a_reference_may_be_json_in_a_string(times: int) -> None:
    """JSON of a reference, and JSON of that, is how many datasets keep it."""
    reference: object = ADD
    for _ in range(times):
        reference = json.dumps(reference)

    assert correctness(sample(reference=reference)) == 1.0


def test_a_big_input_is_read() -> None:
    """Five megabytes of standard input reach the program."""
    tests = {"kind": "stdio", "cases": [{"stdin": BIG, "stdout": str(len(BIG))}]}

    assert correctness(sample("print(len(input()))", {"tests": tests})) == 1.0


def test_a_big_argument_and_a_big_answer_pass() -> None:
    """Five megabytes go to the function and come back."""
    assert correctness(sample(ECHO, call([BIG], BIG))) == 1.0


@pytest.mark.parametrize("value", [SURROGATE, {SURROGATE: [SURROGATE]}, "\x00", "\u2028"])
def test_any_text_is_an_argument(value: object) -> None:
    """Letters that no file can hold pass to a function and back."""
    assert correctness(sample(ECHO, call([value], value))) == 1.0


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf, -0.0, 5e-324, 10**300, -(2**64)])
def test_any_number_is_an_argument(number: float) -> None:
    """Numbers that are no JSON, and those of any size, pass to a function and back."""
    assert correctness(sample(ECHO, call([number], number))) == 1.0


def test_an_int_that_python_refuses_to_print_is_an_argument() -> None:
    """No step on the way turns an int into decimals."""
    assert correctness(sample(ECHO, call([10**5000], 10**5000))) == 1.0


@pytest.mark.parametrize("expected", [math.nan, math.inf, [{"k": math.nan}]])
def test_an_expected_value_that_is_no_json_is_compared(expected: object) -> None:
    """A right answer is a wrong one where not-a-number is expected."""
    assert correctness(sample(ECHO, call([7], expected))) == 0.0


@on_both_boxes
def test_arguments_of_some_depth_arrive(wrap: Callable[[object], object]) -> None:
    """What is nested a hundred deep is odd, and graded."""
    deep = nested(wrap, 100)

    assert correctness(sample(ECHO, call([deep], deep))) == 1.0


@on_both_boxes
@pytest.mark.parametrize("depth", [300, 100_000])
def test_arguments_that_cannot_be_sent_are_the_datasets_fault(
    wrap: Callable[[object], object], depth: int
) -> None:
    """What the encoding refuses costs its own row, and is no wrong answer."""
    assert is_ungraded(sample(ECHO, call([nested(wrap, depth)], 7)))


@on_both_boxes
@pytest.mark.parametrize("depth", [300, 100_000])
def test_an_expected_value_of_any_depth_is_compared(
    wrap: Callable[[object], object], depth: int
) -> None:
    """Nothing that a function returns is that deep."""
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
        "solution().f",
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
def test_an_entry_point_that_is_no_name_is_the_datasets_fault(name: object) -> None:
    """A name is an identifier, or that of a method of `Solution`."""
    reference = call([7], 7)
    reference["tests"]["entry_point"] = name

    assert is_ungraded(sample(ECHO, reference))


@pytest.mark.parametrize(
    "name",
    ["g", "print", "__builtins__", "__name__", "Solution().f", "\u51fd\u6570", BIG],
    ids=short,
)
def test_a_name_that_the_program_does_not_have_is_a_verdict(name: str) -> None:
    """What cannot be found, or called, is the candidate's failure."""
    reference = call([7], 7)
    reference["tests"]["entry_point"] = name

    assert correctness(sample(ECHO, reference)) == 0.0


# Many cases


def test_ten_thousand_calls_are_graded() -> None:
    """Many small cases are slow in proportion."""
    cases = [{"args": [number], "expected": number} for number in range(10_000)]
    reference = {"tests": {"kind": "call", "entry_point": "f", "cases": cases}}

    assert correctness(sample(ECHO, reference)) == 1.0


def test_five_hundred_runs_are_graded() -> None:
    """Many small programs, too."""
    cases = [{"stdin": f"{number} 1\n", "stdout": f"{number + 1}\n"} for number in range(500)]

    assert correctness(sample(reference={"tests": {"kind": "stdio", "cases": cases}})) == 1.0


def test_too_many_cases_are_the_datasets_fault() -> None:
    """Nobody means to run a hundred thousand and one."""
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

Place = tuple[str | int, ...]


def places(value: object, here: Place = ()) -> Iterator[Place]:
    """Walk through all the places in a JSON value."""
    if here:
        yield here
    items: Any = ()
    if isinstance(value, dict):
        items = value.items()
    elif isinstance(value, list):
        items = enumerate(value)
    for key, inner in items:
        yield from places(inner, (*here, key))


PLACES = list(places(SEED))


def put(event: Any, place: Place, value: object) -> None:
    """Put something else in a place; an earlier change may have removed it."""
    *way, last = place
    try:
        for step in way:
            event = event[step]
        if isinstance(last, str) == isinstance(event, dict):  # a key in JSON is text
            event[last] = value
    except (IndexError, KeyError, TypeError):
        return


@settings(max_examples=150)
@given(changes=st.lists(st.tuples(st.sampled_from(PLACES), junk), min_size=1, max_size=3))
def test_any_junk_in_any_place_leaves_a_row_for_every_sample(
    changes: list[tuple[Place, object]],
) -> None:
    """However an event is spoilt inside, each sample has a row, and only it may suffer."""
    event = copy.deepcopy(SEED)
    for place, value in changes:
        put(event, place, value)

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
    """An event of any shape is answered, or refused in one sentence."""
    try:
        rows(event)
    except (MalformedEventError, OutageError) as error:
        refusal = str(error)
    else:
        refusal = ""

    assert len(refusal) < 400
