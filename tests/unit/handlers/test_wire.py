"""What trainers send, and what they get back."""

import json
import math
from base64 import b64encode
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nova_code_verifier.handlers.wire import (
    RESPONSE_BYTES_LIMIT,
    Entry,
    MalformedEventError,
    Metric,
    MetricType,
    Request,
    ResponseTooLargeError,
    read_event,
    response_row,
    write_response,
)
from nova_code_verifier.verifier.types import Sample

SECRET = "s3cret"

USER_TURN = {"role": "user", "content": "Add two numbers."}
MODEL_TURN = {"role": "assistant", "content": "a + b"}
SAMPLE = {"id": "s-1", "messages": [USER_TURN, MODEL_TURN], "reference_answer": "3"}
ENTRY = Entry(id="s-1", sample=Sample(completion="a + b", reference="3"))


def read_one(sample: object) -> Entry:
    """Read the one entry of an event that lists one *sample*."""
    (entry,) = read_event([sample]).entries
    return entry


def completion_of(*messages: object) -> str | None:
    """Return the completion that is found in *messages*."""
    entry = read_one({"messages": list(messages)})
    assert entry.sample is not None, entry.problem
    return entry.sample.completion


def reference_of(**fields: object) -> object:
    """Return the reference that is found in a sample with these *fields*."""
    entry = read_one({"messages": [MODEL_TURN], **fields})
    assert entry.sample is not None, entry.problem
    return entry.sample.reference


def problem_of(sample: object) -> str:
    """Return the problem that makes *sample* unreadable."""
    entry = read_one(sample)
    assert entry.sample is None
    assert entry.problem is not None
    return entry.problem


def answer(event: object) -> Any:
    """Answer *event* with a reward of 0.5 for every entry."""
    request = read_event(event)
    return write_response(request, [response_row(e.id, 0.5, ()) for e in request.entries])


# Events


@pytest.mark.parametrize(
    "event",
    [
        [SAMPLE],
        SAMPLE,
        {"trajectories": [SAMPLE]},
        {"batch": [SAMPLE]},
        {"batch": [SAMPLE], "id": "job-7"},
        {"body": [SAMPLE]},
        {"body": SAMPLE},
        {"body": {"trajectories": [SAMPLE]}},
        {"body": json.dumps([SAMPLE])},
        {"body": json.dumps(SAMPLE)},
        {"body": json.dumps({"batch": [SAMPLE]}), "isBase64Encoded": False},
        {"body": b64encode(json.dumps([SAMPLE]).encode()).decode(), "isBase64Encoded": True},
        {"body": json.dumps([SAMPLE]), "headers": {}, "requestContext": {"http": {}}},
    ],
)
def test_every_shape_of_event_holds_the_same_samples(event: object) -> None:
    """Whatever a sample is wrapped in, the same entry comes out."""
    assert read_event(event).entries == (ENTRY,)


def test_entries_keep_the_order_of_the_samples() -> None:
    """Entries come in the order in which the samples were sent."""
    request = read_event([{**SAMPLE, "id": number} for number in (3, 1, 2)])

    assert [entry.id for entry in request.entries] == [3, 1, 2]


def test_an_empty_list_has_an_empty_answer() -> None:
    """No samples in, no rows out."""
    assert answer([]) == []


@pytest.mark.parametrize("event", [None, True, 7, 0.5, "text", {}, {"question": 1}])
def test_an_event_without_samples_is_malformed(event: object) -> None:
    """An event in which no samples can be found is an error that says what is accepted."""
    with pytest.raises(MalformedEventError, match=r"^event: expected a list of samples"):
        read_event(event)


@pytest.mark.parametrize(
    ("event", "found"),
    [
        (None, "found null"),
        (True, "found a boolean"),
        (7, "found a number"),
        ("text", "found text"),
        ({}, "found an object with none of these"),
        ({"trajectories": 7}, "found an object with none of these"),
        ({"batch": None}, "found an object with none of these"),
        ((SAMPLE,), "found something that is not JSON"),
    ],
)
def test_a_malformed_event_is_named_for_what_it_is(event: object, found: str) -> None:
    """The error says what was found in place of samples."""
    with pytest.raises(MalformedEventError, match=f"{found}$"):
        read_event(event)


@pytest.mark.parametrize(
    "body",
    [None, 7, "", "{", "[1,", "null", "7", '{"body": []}', {"body": [SAMPLE]}, "[" * 100_000],
)
def test_a_body_without_samples_is_malformed(body: object) -> None:
    """An envelope holds an event; a second envelope, or no event at all, is an error."""
    with pytest.raises(MalformedEventError, match=r"^body: expected"):
        read_event({"body": body})


@pytest.mark.parametrize("body", ["#", "\u3042", "w7/=", b64encode(b"\xff\xfe\xfd").decode()])
def test_a_body_that_is_not_base64_is_malformed(body: str) -> None:
    """A body that was promised to be base64 of JSON, and is not, is an error."""
    with pytest.raises(MalformedEventError, match=r"^body: expected JSON"):
        read_event({"body": body, "isBase64Encoded": True})


@pytest.mark.parametrize(
    "event",
    [{"body": SECRET}, {"body": b64encode(SECRET.encode()).decode(), "isBase64Encoded": True}],
)
def test_a_malformed_body_is_not_shown(event: object) -> None:
    """Neither the message of the error nor a cause tells what the body was."""
    with pytest.raises(MalformedEventError) as caught:
        read_event(event)

    assert SECRET not in str(caught.value)
    assert caught.value.__suppress_context__


@pytest.mark.parametrize("key", ["id", "reference_answer", "metadata", "reward_model", "answer"])
def test_an_object_with_a_field_of_samples_is_one_bad_sample(key: str) -> None:
    """A lone sample that lacks its messages costs a row, not the event."""
    (entry,) = read_event({key: "x"}).entries

    assert entry.problem == "messages: missing"


@pytest.mark.parametrize("field", ["body", "batch", "trajectories"])
def test_a_sample_may_have_a_field_named_like_a_wrapping(field: str) -> None:
    """Messages make a sample: its own field `body` or `batch` does not hide it."""
    assert read_event({**SAMPLE, field: ["x"]}) == Request(entries=(ENTRY,))


# Completions


@pytest.mark.parametrize("role", ["assistant", "nova_assistant"])
def test_the_model_has_two_roles(role: str) -> None:
    """Training says `assistant`, evaluation says `nova_assistant`."""
    assert completion_of(USER_TURN, {"role": role, "content": "mine"}) == "mine"


def test_the_last_turn_of_the_model_counts() -> None:
    """Of several turns of the model the last one holds the candidate."""
    first, last = {**MODEL_TURN, "content": "first"}, {**MODEL_TURN, "content": "last"}

    assert completion_of(USER_TURN, first, USER_TURN, last) == "last"


def test_a_turn_after_the_models_does_not_hide_it() -> None:
    """The last turn of the model need not be the last turn."""
    assert completion_of(MODEL_TURN, {"role": "tool", "content": "ok"}) == "a + b"


@pytest.mark.parametrize("messages", [[], [USER_TURN], [{"role": "Assistant", "content": "x"}]])
def test_a_raw_dataset_row_has_no_completion(messages: list[object]) -> None:
    """Without a turn of the model a sample is valid, and its completion is None."""
    assert completion_of(*messages) is None


@pytest.mark.parametrize(
    "content",
    [
        "one two",
        [{"type": "text", "text": "one two"}],
        [{"type": "text", "text": "one "}, {"type": "text", "text": "two"}],
        ["one ", {"text": "two"}],
        [{"type": None, "text": "one two"}],
        {"text": "one two"},
        {"type": "text", "text": "one two", "cache": True},
        [{"type": "image", "text": "a cat"}, {"type": "text", "text": "one two"}],
        [{"type": "image_url", "image_url": {}}, "one two"],
    ],
)
def test_every_shape_of_content_is_one_text(content: object) -> None:
    """Text, parts of text and an object with text mean the same; other parts are no text."""
    assert completion_of({"role": "assistant", "content": content}) == "one two"


@pytest.mark.parametrize("content", [None, "", [], {"text": None}, [{"type": "image"}]])
def test_a_turn_without_text_is_an_empty_completion(content: object) -> None:
    """The model said something, and it was nothing: that is no raw row."""
    assert completion_of({"role": "assistant", "content": content}) == ""


def test_a_turn_may_lack_content() -> None:
    """A turn that only calls a tool has no content, and is an empty completion."""
    assert completion_of({"role": "assistant", "tool_calls": []}) == ""


def test_an_empty_last_turn_is_not_skipped() -> None:
    """An earlier turn does not stand in for an empty last one."""
    assert completion_of(MODEL_TURN, {"role": "assistant", "content": ""}) == ""


def test_reasoning_is_not_part_of_the_completion() -> None:
    """`reasoning_content` stays unread, as does any other extra key of a message."""
    assert completion_of({**MODEL_TURN, "reasoning_content": "hm", "x": [1]}) == "a + b"


# References


@pytest.mark.parametrize(
    "fields",
    [
        {"reference_answer": "right"},
        {"metadata": {"reference_answer": "right"}},
        {"metadata": {"ground_truth": "right"}},
        {"ground_truth": "right"},
        {"reward_model": {"style": "rule", "ground_truth": "right"}},
        {"answer": "right"},
        {"metadata": {"answer": "right"}},
        {"extra_info": {"reference_answer": "right"}},
        {"extra_info": {"ground_truth": "right"}},
        {"extra_info": {"answer": "right"}},
        {"metadata": {"test_cases": "right"}},
    ],
)
def test_a_reference_is_found_in_every_place(fields: dict[str, object]) -> None:
    """Every place where a trainer or a dataset keeps its reference is looked at."""
    assert reference_of(**fields) == "right"


@pytest.mark.parametrize(
    "fields",
    [
        {"reference_answer": "right", "metadata": {"reference_answer": "wrong"}},
        {"reference_answer": "right", "ground_truth": "wrong", "answer": "wrong"},
        {"metadata": {"reference_answer": "right", "ground_truth": "wrong"}},
        {"metadata": {"ground_truth": "right", "test_cases": "wrong"}, "ground_truth": "wrong"},
        {"reward_model": {"ground_truth": "right"}, "extra_info": {"answer": "wrong"}},
        {"reward_model": {"ground_truth": "right"}, "answer": "wrong"},
    ],
)
def test_an_earlier_place_beats_a_later_one(fields: dict[str, object]) -> None:
    """Where there are two references, the order of the places decides."""
    assert reference_of(**fields) == "right"


def test_null_means_absent() -> None:
    """A place that holds null (Arrow fills gaps with it) is passed over."""
    metadata = {"reference_answer": None, "ground_truth": "right"}

    assert reference_of(reference_answer=None, metadata=metadata) == "right"


@pytest.mark.parametrize("metadata", [None, "reference_answer", ["ground_truth"], 7])
def test_a_place_that_cannot_hold_a_reference_is_passed_over(metadata: object) -> None:
    """Metadata that is no object holds no reference, and does no harm."""
    assert reference_of(metadata=metadata, answer="right") == "right"


@pytest.mark.parametrize(
    ("fields", "tasks"),
    [
        ({}, ()),
        ({"task": "sentiment"}, ("sentiment",)),
        ({"extra_info": {"task": "code"}, "data_source": "taco"}, ("code", "taco")),
        ({"metadata": {"task": "code", "data_source": "x"}, "task": None}, ("code", "x")),
        ({"task": 7, "extra_info": "code", "data_source": ["x"]}, ()),
    ],
)
def test_the_names_of_a_task_are_handed_on(
    fields: dict[str, object], tasks: tuple[str, ...]
) -> None:
    """All of them, the nearest first: which are known is decided elsewhere."""
    entry = read_one({"messages": [MODEL_TURN], **fields})

    assert entry.sample is not None
    assert entry.sample.tasks == tasks


def test_no_reference_is_none() -> None:
    """A sample without a reference is valid; what that means is judged elsewhere."""
    assert reference_of() is None


@pytest.mark.parametrize(
    "reference", [{"inputs": [None], "outputs": [math.inf]}, '{"a": 1}', "text", "", {}, 0, [[1]]]
)
def test_a_reference_passes_as_it_is(reference: object) -> None:
    """A reference is neither decoded nor checked nor copied."""
    assert reference_of(reference_answer=reference) is reference


# Problems


@pytest.mark.parametrize(
    ("sample", "problem"),
    [
        (None, "sample: expected an object, found null"),
        ([SAMPLE], "sample: expected an object, found a list"),
        ({}, "messages: missing"),
        ({"messages": None}, "messages: expected a list, found null"),
        ({"messages": 7}, "messages: expected a list, found a number"),
        ({"messages": SECRET}, "messages: expected a list, found text"),
        ({"messages": MODEL_TURN}, "messages: expected a list, found an object"),
        ({"messages": [USER_TURN, SECRET]}, "messages[1]: expected an object, found text"),
        ({"messages": [{"content": SECRET}]}, "messages[0].role: missing"),
        ({"messages": [{"role": True}]}, "messages[0].role: expected text, found a boolean"),
    ],
)
def test_a_bad_sample_has_its_problem_named(sample: object, problem: str) -> None:
    """A problem says which field, what was expected there, and what was found."""
    assert problem_of(sample) == problem


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (7, "a number"),
        (False, "a boolean"),
        ({"value": SECRET}, "an object"),
        ([SECRET, 7], "a number"),
        ([[SECRET]], "a list"),
        ([None], "null"),
        ({"text": 7}, "an object"),
        ([{"type": "text"}], "an object"),
    ],
)
def test_unreadable_content_is_a_problem(content: object, found: str) -> None:
    """Content that might have held a program, were it read right, is no empty completion."""
    problem = problem_of({"messages": [USER_TURN, {"role": "assistant", "content": content}]})

    assert problem == (
        "messages[1].content: expected text, or parts that are text or an object with `text`; "
        f"found {found}"
    )


def test_the_first_problem_is_enough() -> None:
    """A sample with many faults is described in one short sentence."""
    assert len(problem_of({"messages": [7] * 100_000})) < 100


@pytest.mark.parametrize(
    "sample",
    [
        {"messages": SECRET},
        {"messages": {SECRET: SECRET}},
        {"messages": [SECRET]},
        {"messages": [[SECRET]]},
        {"messages": [{SECRET: SECRET}]},
        {"messages": [{"role": [SECRET]}]},
        {"messages": [{"role": "assistant", "content": {SECRET: SECRET}}]},
        {"messages": [{"role": "assistant", "content": [{"text": [SECRET]}]}]},
        {SECRET: SECRET},
    ],
)
def test_a_problem_never_shows_a_value(sample: dict[str, object]) -> None:
    """What was sent, completions and references above all, is not in the problem."""
    assert SECRET not in problem_of({**sample, "id": SECRET, "reference_answer": SECRET})


def test_a_bad_sample_costs_its_own_row_only() -> None:
    """The neighbours of a bad sample are read as if it were not there."""
    entries = read_event([SAMPLE, {"id": "bad"}, SAMPLE]).entries

    assert (entries[0], entries[2]) == (ENTRY, ENTRY)


def test_a_bad_sample_keeps_its_id() -> None:
    """The row that says that a sample was bad can still be matched to it."""
    assert read_one({"id": "bad", "messages": 7}).id == "bad"


# Ids


@pytest.mark.parametrize(
    "sent", ["s-1", "", "\u3042\U0001f600", 0, 2**80, -0.5, True, None, ["a", {"b": [1, None]}]]
)
def test_an_id_is_echoed_whatever_its_type(sent: object) -> None:
    """The id of a row is the id of its sample, in value and in type."""
    (row,) = answer([{**SAMPLE, "id": sent}])

    assert repr(row["id"]) == repr(sent)


def test_a_missing_id_is_answered_with_null() -> None:
    """A row always has an id: AWS's verifier refuses a row without, and takes null."""
    (row,) = answer([{"messages": []}])

    assert row["id"] is None


@pytest.mark.parametrize(
    ("sent", "echoed"),
    [
        ("a\ud800b", "a\ufffdb"),
        ("\udc00\ud800", "\ufffd\ufffd"),
        (["\udfff"], ["\ufffd"]),
        ({"\ud800": {"k": "\udbff"}}, {"\ufffd": {"k": "\ufffd"}}),
    ],
)
def test_a_lone_surrogate_in_an_id_is_replaced(sent: object, echoed: object) -> None:
    """A lone surrogate would crash the runtime that sends the response."""
    assert read_one({**SAMPLE, "id": sent}).id == echoed


@pytest.mark.parametrize(
    ("sent", "echoed"), [(math.nan, None), ([math.inf, {"a": -math.inf}], [None, {"a": None}])]
)
def test_a_number_in_an_id_that_is_no_json_is_null(sent: object, echoed: object) -> None:
    """NaN and infinities, which Python reads from JSON, are not sent back."""
    assert read_one({**SAMPLE, "id": sent}).id == echoed


@pytest.mark.parametrize("depth", [101, 100_000])
@pytest.mark.parametrize("wrap", [lambda inner: [inner], lambda inner: {"k": inner}])
def test_an_id_that_is_too_deep_costs_its_row(wrap: Callable[[object], object], depth: int) -> None:
    """An id that no JSON writer can send is a problem of its sample, and is not echoed."""
    sent: object = "x"
    for _ in range(depth):
        sent = wrap(sent)

    entry = read_one({**SAMPLE, "id": sent})

    assert entry == Entry(id=None, problem="id: nested more than 100 levels deep")


def test_a_deep_id_within_the_limit_is_echoed() -> None:
    """The limit on depth spares what can be sent."""
    sent: object = "x"
    for _ in range(100):
        sent = {"k": sent}

    assert read_one({**SAMPLE, "id": sent}).id == sent


# Rows


def test_a_row_has_the_trainers_shape() -> None:
    """A row names id, score and metrics as the trainers' contract does."""
    metrics = [
        Metric(name="correctness", value=0.75, type=MetricType.REWARD),
        Metric(name="cases", value=4),
    ]

    assert response_row("s-1", 0.5, metrics) == {
        "id": "s-1",
        "aggregate_reward_score": 0.5,
        "metrics_list": [
            {"name": "correctness", "value": 0.75, "type": "Reward"},
            {"name": "cases", "value": 4, "type": "Metric"},
        ],
    }


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_a_reward_that_is_not_finite_never_gets_out(number: float) -> None:
    """A bug in scoring is raised, not sent to a trainer."""
    with pytest.raises(ValueError, match=r"^aggregate_reward_score: expected a finite number"):
        response_row("s-1", number, ())


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_a_metric_that_is_not_finite_never_gets_out(number: float) -> None:
    """The error names the metric."""
    with pytest.raises(ValueError, match=r"^cases: expected a finite number"):
        response_row("s-1", 0.5, [Metric(name="cases", value=number)])


# Responses


def test_a_list_is_answered_with_a_bare_list() -> None:
    """Nova gets the rows as they are."""
    assert answer([SAMPLE]) == [response_row("s-1", 0.5, ())]


def test_an_envelope_is_answered_with_an_envelope() -> None:
    """A request in an HTTP envelope is answered in kind; its body is a JSON string."""
    response = answer({"body": [SAMPLE]})

    assert response == {
        "statusCode": 200,
        "headers": {"Content-Type": "application/json"},
        "body": json.dumps([response_row("s-1", 0.5, ())]),
    }


def test_an_envelope_can_be_asked_for() -> None:
    """The setting for trainers that send a list and expect an envelope is obeyed."""
    response = write_response(read_event([]), [], always_envelope=True)

    assert isinstance(response, dict)
    assert response["body"] == "[]"


@pytest.mark.parametrize("count", [0, 1, 3])
def test_there_is_one_row_for_each_sample(count: int) -> None:
    """Too few rows or too many are a bug, not a response."""
    with pytest.raises(ValueError, match="cannot answer 2 samples"):
        write_response(read_event([SAMPLE, SAMPLE]), [response_row("s-1", 0.5, ())] * count)


def size_around_id() -> int:
    """Measure the response to one sample with an empty id."""
    return len(json.dumps(answer([{**SAMPLE, "id": ""}])))


def test_a_response_may_be_as_large_as_the_limit() -> None:
    """The largest response that Lambda returns is not refused."""
    longest = "x" * (RESPONSE_BYTES_LIMIT - size_around_id())

    assert answer([{**SAMPLE, "id": longest}])[0]["id"] == longest


def test_a_response_above_the_limit_is_an_error() -> None:
    """One byte more is a clear error here, where in Lambda it would be a crash."""
    too_long = "x" * (RESPONSE_BYTES_LIMIT - size_around_id() + 1)

    with pytest.raises(ResponseTooLargeError, match=r"^response: 6291557 bytes"):
        answer([{**SAMPLE, "id": too_long}])


def test_a_response_is_measured_in_its_longest_writing() -> None:
    """Older runtimes escape what is not ASCII: two million characters are 12 MB."""
    with pytest.raises(ResponseTooLargeError):
        answer([{**SAMPLE, "id": "\u3042" * 2_000_000}])


def test_an_envelope_is_measured_with_its_quoting() -> None:
    """Inside an envelope every quote is escaped once more, and that counts."""
    sample = {**SAMPLE, "id": '"' * 2_000_000}
    assert answer([sample])

    with pytest.raises(ResponseTooLargeError):
        answer({"body": [sample]})


# Anything at all

TEXTS = st.text(st.characters() | st.characters(categories=["Cs"]), max_size=8)
SCALARS = st.none() | st.booleans() | st.integers() | st.just(10**1000) | st.floats() | TEXTS
EVENT_KEYS = ["body", "isBase64Encoded", "batch", "trajectories"]
SAMPLE_KEYS = ["id", "messages", "role", "content", "type", "text", "metadata", "answer"]
KEYS = st.sampled_from(EVENT_KEYS) | st.sampled_from(SAMPLE_KEYS) | TEXTS
VALUES = st.recursive(
    SCALARS | st.sampled_from(["assistant", "text"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=5),
    max_leaves=25,
)
TURNS = st.fixed_dictionaries(
    {"role": st.sampled_from(["user", "assistant"])}, optional={"content": VALUES}
)
SAMPLES = st.fixed_dictionaries({}, optional={"id": VALUES, "messages": st.lists(TURNS)}) | VALUES
LISTS = st.lists(SAMPLES, max_size=4)
BODIES = LISTS | LISTS.map(json.dumps) | TEXTS
EVENTS = VALUES | LISTS | SAMPLES | st.fixed_dictionaries({"body": BODIES})


@given(EVENTS)
def test_any_event_can_be_answered_or_is_malformed(event: object) -> None:
    """No event crashes the reading, and every answer is JSON that can be encoded."""
    try:
        response = answer(event)
    except MalformedEventError:
        return

    json.dumps(response, allow_nan=False, ensure_ascii=False).encode()


@given(LISTS)
def test_there_is_an_entry_for_every_sample(samples: list[object]) -> None:
    """However bad the samples, each has one entry: a sample or a problem, never both."""
    entries = read_event(samples).entries

    assert len(entries) == len(samples)
    assert all((entry.sample is None) != (entry.problem is None) for entry in entries)
