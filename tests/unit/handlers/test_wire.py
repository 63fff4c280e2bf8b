"""Reading events, and writing rows and responses."""

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
    Details,
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
    """Return the entry of an event with one *sample*."""
    (entry,) = read_event([sample]).entries
    return entry


def completion_of(*messages: object) -> str | None:
    """Return the completion in *messages*."""
    entry = read_one({"messages": list(messages)})
    assert entry.sample is not None, entry.problem
    return entry.sample.completion


def reference_of(**fields: object) -> object:
    """Return the reference in a sample with *fields*."""
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
def test_every_shape_of_event_gives_the_same_entries(event: object) -> None:
    """A sample gives the same entry in each shape of event."""
    assert read_event(event).entries == (ENTRY,)


def test_entries_keep_the_order_of_the_samples() -> None:
    """Entries have the order of the samples."""
    request = read_event([{**SAMPLE, "id": number} for number in (3, 1, 2)])

    assert [entry.id for entry in request.entries] == [3, 1, 2]


def test_an_empty_event_has_an_empty_response() -> None:
    """An event without samples has a response without rows."""
    assert answer([]) == []


@pytest.mark.parametrize("event", [None, True, 7, 0.5, "text", {}, {"question": 1}])
def test_an_event_without_samples_is_malformed(event: object) -> None:
    """An event that cannot contain samples raises an error that says what is accepted."""
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
        ({"trajectories": 7}, "found an object whose `trajectories` is no list"),
        ({"batch": None}, "found an object whose `batch` is no list"),
        ((SAMPLE,), "found something that is not JSON"),
    ],
)
def test_the_error_for_an_event_names_what_was_found(event: object, found: str) -> None:
    """The error says what was found in place of samples."""
    with pytest.raises(MalformedEventError, match=f"{found}$"):
        read_event(event)


@pytest.mark.parametrize("details", ["summary", "full"])
def test_details_may_be_wanted_beside_a_batch(details: str) -> None:
    """The request says which details; in an envelope, too."""
    event = {"batch": [SAMPLE], "details": details}

    for wrapped in (event, {"body": event}, {"body": json.dumps(event)}):
        request = read_event(wrapped)
        assert (request.entries, request.details) == ((ENTRY,), Details(details))


@pytest.mark.parametrize(
    "event",
    [
        [SAMPLE],
        {"batch": [SAMPLE]},
        SAMPLE | {"details": "full"},
        SAMPLE | {"batch": [], "details": "full"},
        {"trajectories": [SAMPLE], "details": "full"},
    ],
)
def test_a_trainer_gets_no_details(event: object) -> None:
    """A field `details` of a sample or of a trainer's event means nothing."""
    assert read_event(event).details is None


@pytest.mark.parametrize("details", [None, True, "", "all", ["full"], {}])
def test_unknown_details_are_malformed(details: object) -> None:
    """Details that do not exist raise an error, instead of rows without details."""
    with pytest.raises(MalformedEventError, match=r'^details: expected "summary" or "full"'):
        read_event({"batch": [SAMPLE], "details": details})


@pytest.mark.parametrize(
    "body",
    [None, 7, "", "{", "[1,", "null", "7", '{"body": []}', {"body": [SAMPLE]}, "[" * 100_000],
)
def test_a_body_without_samples_is_malformed(body: object) -> None:
    """A body that is a second envelope, or no event, raises an error."""
    with pytest.raises(MalformedEventError, match=r"^body: expected"):
        read_event({"body": body})


@pytest.mark.parametrize("body", ["#", "\u3042", "w7/=", b64encode(b"\xff\xfe\xfd").decode()])
def test_a_body_that_is_not_base64_is_malformed(body: str) -> None:
    """A body that is marked as base64, and is not base64 of JSON, raises an error."""
    with pytest.raises(MalformedEventError, match=r"^body: expected JSON"):
        read_event({"body": body, "isBase64Encoded": True})


@pytest.mark.parametrize(
    "event",
    [{"body": SECRET}, {"body": b64encode(SECRET.encode()).decode(), "isBase64Encoded": True}],
)
def test_a_malformed_body_is_not_shown(event: object) -> None:
    """The error for a body, and its cause, contain nothing of the body."""
    with pytest.raises(MalformedEventError) as caught:
        read_event(event)

    assert SECRET not in str(caught.value)
    assert caught.value.__suppress_context__


@pytest.mark.parametrize("key", ["id", "reference_answer", "metadata", "reward_model", "answer"])
def test_an_object_with_a_known_field_is_one_sample(key: str) -> None:
    """An object with a field of a sample, but without messages, costs one row."""
    (entry,) = read_event({key: "x"}).entries

    assert str(entry.problem).startswith(f"messages: missing; found {key!r}; expected ")


@pytest.mark.parametrize("field", ["body", "batch", "trajectories"])
def test_a_sample_may_have_a_field_body_or_batch(field: str) -> None:
    """An object with `messages` is a sample, whatever other fields it has."""
    assert read_event({**SAMPLE, field: ["x"]}) == Request(entries=(ENTRY,))


# Completions


@pytest.mark.parametrize("role", ["assistant", "nova_assistant"])
def test_the_model_has_two_roles(role: str) -> None:
    """Both `assistant` (training) and `nova_assistant` (evaluation) are roles of the model."""
    assert completion_of(USER_TURN, {"role": role, "content": "mine"}) == "mine"


def test_the_last_turn_of_the_model_counts() -> None:
    """The completion is the last of several turns of the model."""
    first, last = {**MODEL_TURN, "content": "first"}, {**MODEL_TURN, "content": "last"}

    assert completion_of(USER_TURN, first, USER_TURN, last) == "last"


def test_later_turns_of_other_roles_are_skipped() -> None:
    """The last turn of the model need not be the last message."""
    assert completion_of(MODEL_TURN, {"role": "tool", "content": "ok"}) == "a + b"


@pytest.mark.parametrize("messages", [[], [USER_TURN], [{"role": "Assistant", "content": "x"}]])
def test_a_raw_dataset_row_has_no_completion(messages: list[object]) -> None:
    """A sample without a turn of the model is valid, and its completion is None."""
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
    """Text, a list of parts and one part are read as the same text."""
    assert completion_of({"role": "assistant", "content": content}) == "one two"


@pytest.mark.parametrize("content", [None, "", [], {"text": None}, [{"type": "image"}]])
def test_a_turn_without_text_is_an_empty_completion(content: object) -> None:
    """A turn without text gives an empty completion, not None."""
    assert completion_of({"role": "assistant", "content": content}) == ""


def test_a_turn_without_content_is_an_empty_completion() -> None:
    """A turn that only calls a tool gives an empty completion."""
    assert completion_of({"role": "assistant", "tool_calls": []}) == ""


def test_an_empty_last_turn_is_not_skipped() -> None:
    """An empty last turn counts, although an earlier turn has text."""
    assert completion_of(MODEL_TURN, {"role": "assistant", "content": ""}) == ""


def test_reasoning_is_not_part_of_the_completion() -> None:
    """`reasoning_content` and other extra keys of a message are ignored."""
    assert completion_of({**MODEL_TURN, "reasoning_content": "hm", "x": [1]}) == "a + b"


@pytest.mark.parametrize("key", ["completion", "response"])
@pytest.mark.parametrize("before", [[], [USER_TURN, MODEL_TURN]])
def test_a_completion_may_be_beside_messages_of_the_user(key: str, before: list[object]) -> None:
    """If the user has the last word, the completion is the field, not an example in the prompt."""
    entry = read_one({"messages": [*before, USER_TURN], key: "mine"})

    assert entry.sample is not None
    assert entry.sample.completion == "mine"


@pytest.mark.parametrize("messages", [[USER_TURN, MODEL_TURN], [MODEL_TURN, {"role": "tool"}]])
def test_the_models_own_turn_wins_over_a_field(messages: list[object]) -> None:
    """In training, `completion` may be a column with the right answer: it is never paid."""
    entry = read_one({"messages": messages, "completion": "gold"})

    assert entry.sample is not None
    assert entry.sample.completion == "a + b"


def test_a_null_beside_messages_is_no_completion() -> None:
    """Tables fill the gaps with null."""
    entry = read_one({"messages": [USER_TURN], "completion": None})

    assert entry.sample is not None
    assert entry.sample.completion is None


def test_a_completion_beside_messages_may_be_a_list_of_messages() -> None:
    """TRL writes completions so. The model's last turn counts."""
    entry = read_one({"messages": [USER_TURN], "completion": [MODEL_TURN]})

    assert entry.sample is not None
    assert entry.sample.completion == "a + b"


@pytest.mark.parametrize("value", [7, [], ["x"], {"text": "x"}, [USER_TURN]])
def test_a_completion_beside_messages_that_is_no_text_is_a_problem(value: object) -> None:
    """It is refused by its name, and not scored as if it were missing."""
    assert problem_of({"messages": [USER_TURN], "completion": value}).startswith("completion")


@pytest.mark.parametrize("messages", [[], [{"role": "system", "content": "Be brief."}]])
def test_a_completion_may_be_beside_messages_without_user(messages: list[object]) -> None:
    """Without a turn of the model, the field is the completion."""
    entry = read_one({"messages": messages, "completion": "mine"})

    assert entry.sample is not None
    assert entry.sample.completion == "mine"


def test_two_completions_beside_messages_are_a_problem() -> None:
    """The problem names both fields, unless they are equal."""
    both = {"messages": [USER_TURN], "completion": "one", "response": "two"}

    assert problem_of(both) == "completion and response: found two completions, expected one"
    assert read_one(both | {"response": "one"}).sample is not None


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
def test_a_reference_is_found_at_every_path(fields: dict[str, object]) -> None:
    """A reference is found wherever a trainer or dataset may put it."""
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
def test_the_first_path_with_a_reference_counts(fields: dict[str, object]) -> None:
    """With two references, the order of the paths decides."""
    assert reference_of(**fields) == "right"


def test_null_means_absent() -> None:
    """A null in place of a reference is skipped: Arrow fills gaps with null."""
    metadata = {"reference_answer": None, "ground_truth": "right"}

    assert reference_of(reference_answer=None, metadata=metadata) == "right"


@pytest.mark.parametrize("metadata", [None, "reference_answer", ["ground_truth"], 7])
def test_metadata_of_another_type_is_skipped(metadata: object) -> None:
    """Metadata that is not an object has no reference, and does no harm."""
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
def test_all_names_of_a_task_are_kept(fields: dict[str, object], tasks: tuple[str, ...]) -> None:
    """All names of the task are kept, in the order of the paths."""
    entry = read_one({"messages": [MODEL_TURN], **fields})

    assert entry.sample is not None
    assert entry.sample.tasks == tasks


def test_a_missing_reference_is_none() -> None:
    """A sample without a reference is valid, and its reference is None."""
    assert reference_of() is None


@pytest.mark.parametrize(
    "reference", [{"inputs": [None], "outputs": [math.inf]}, '{"a": 1}', "text", "", {}, 0, [[1]]]
)
def test_a_reference_is_not_changed(reference: object) -> None:
    """A reference is not decoded, checked or copied."""
    assert reference_of(reference_answer=reference) is reference


# Problems


@pytest.mark.parametrize(
    ("sample", "problem"),
    [
        (None, "sample: expected an object, found null"),
        ([SAMPLE], "sample: expected an object, found a list"),
        ({"messages": None}, "messages: expected a list, found null"),
        ({"messages": 7}, "messages: expected a list, found a number"),
        ({"messages": SECRET}, "messages: expected a list, found text"),
        ({"messages": MODEL_TURN}, "messages: expected a list, found an object"),
        ({"messages": [USER_TURN, SECRET]}, "messages[1]: expected an object, found text"),
        ({"messages": [{"content": SECRET}]}, "messages[0].role: missing"),
        ({"messages": [{"role": True}]}, "messages[0].role: expected text, found a boolean"),
    ],
)
def test_a_problem_names_the_field(sample: object, problem: str) -> None:
    """A problem names the field, what was found and what is expected."""
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
    """Content of an unknown shape is a problem, not an empty completion."""
    problem = problem_of({"messages": [USER_TURN, {"role": "assistant", "content": content}]})

    assert problem == (
        "messages[1].content: expected text, or parts that are text or an object with `text`; "
        f"found {found}"
    )


def test_only_the_first_problem_is_reported() -> None:
    """A sample with many errors has one short problem."""
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
        {"text": SECRET},
    ],
)
def test_a_problem_never_shows_a_value(sample: dict[str, object]) -> None:
    """A problem contains nothing of the messages, the id or the reference."""
    assert SECRET not in problem_of({**sample, "id": SECRET, "reference_answer": SECRET})


def test_a_bad_sample_costs_its_own_row_only() -> None:
    """The samples before and after a bad one are read as usual."""
    entries = read_event([SAMPLE, {"id": "bad"}, SAMPLE]).entries

    assert (entries[0], entries[2]) == (ENTRY, ENTRY)


def test_a_bad_sample_keeps_its_id() -> None:
    """The entry of a bad sample has its id, so that its row can be matched."""
    assert read_one({"id": "bad", "messages": 7}).id == "bad"


# Ids


@pytest.mark.parametrize(
    "sent", ["s-1", "", "\u3042\U0001f600", 0, 2**80, -0.5, True, None, ["a", {"b": [1, None]}]]
)
def test_an_id_of_any_type_is_returned(sent: object) -> None:
    """The id in a row equals the id of its sample in value and type."""
    (row,) = answer([{**SAMPLE, "id": sent}])

    assert repr(row["id"]) == repr(sent)


def test_a_missing_id_is_answered_with_null() -> None:
    """A row always has an id: AWS's verifier accepts null, but not a missing id."""
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
    """A lone surrogate, which would crash the Lambda runtime, is replaced."""
    assert read_one({**SAMPLE, "id": sent}).id == echoed


@pytest.mark.parametrize(
    ("sent", "echoed"), [(math.nan, None), ([math.inf, {"a": -math.inf}], [None, {"a": None}])]
)
def test_a_number_in_an_id_that_is_not_json_becomes_null(sent: object, echoed: object) -> None:
    """NaN and infinities in an id become null."""
    assert read_one({**SAMPLE, "id": sent}).id == echoed


@pytest.mark.parametrize("depth", [101, 100_000])
@pytest.mark.parametrize("wrap", [lambda inner: [inner], lambda inner: {"k": inner}])
def test_an_id_that_is_too_deep_costs_its_row(wrap: Callable[[object], object], depth: int) -> None:
    """An id above the depth limit is a problem of its sample, and is not returned."""
    sent: object = "x"
    for _ in range(depth):
        sent = wrap(sent)

    entry = read_one({**SAMPLE, "id": sent})

    assert entry == Entry(id=None, problem="id: nested more than 100 levels deep")


def test_an_id_of_the_maximum_depth_is_returned() -> None:
    """An id of exactly the depth limit is returned."""
    sent: object = "x"
    for _ in range(100):
        sent = {"k": sent}

    assert read_one({**SAMPLE, "id": sent}).id == sent


# Rows


def test_a_row_has_the_fields_of_the_contract() -> None:
    """A row has an id, a score and metrics under the names of the trainers' contract."""
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
def test_a_reward_that_is_not_finite_is_refused(number: float) -> None:
    """A reward that is not finite raises, and is not sent."""
    with pytest.raises(ValueError, match=r"^aggregate_reward_score: expected a finite number"):
        response_row("s-1", number, ())


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_a_metric_that_is_not_finite_is_refused(number: float) -> None:
    """A metric that is not finite raises an error with its name."""
    with pytest.raises(ValueError, match=r"^cases: expected a finite number"):
        response_row("s-1", 0.5, [Metric(name="cases", value=number)])


# Responses


def test_the_response_to_a_list_is_a_list() -> None:
    """The response to a list of samples is a list of rows."""
    assert answer([SAMPLE]) == [response_row("s-1", 0.5, ())]


def test_the_response_to_an_envelope_is_an_envelope() -> None:
    """The response to an HTTP envelope is an HTTP envelope with a JSON body."""
    response = answer({"body": [SAMPLE]})

    assert response == {
        "statusCode": 200,
        "headers": {"Content-Type": "application/json"},
        "body": json.dumps([response_row("s-1", 0.5, ())]),
    }


def test_a_setting_forces_the_envelope() -> None:
    """With `always_envelope`, the response to a list is an envelope."""
    response = write_response(read_event([]), [], always_envelope=True)

    assert isinstance(response, dict)
    assert response["body"] == "[]"


@pytest.mark.parametrize("count", [0, 1, 3])
def test_a_wrong_number_of_rows_is_refused(count: int) -> None:
    """Too few or too many rows raise an error."""
    with pytest.raises(ValueError, match="cannot answer 2 samples"):
        write_response(read_event([SAMPLE, SAMPLE]), [response_row("s-1", 0.5, ())] * count)


def size_around_id() -> int:
    """Measure the response to one sample with an empty id."""
    return len(json.dumps(answer([{**SAMPLE, "id": ""}])))


def test_a_response_of_the_maximum_size_is_accepted() -> None:
    """The largest response that Lambda returns is accepted."""
    longest = "x" * (RESPONSE_BYTES_LIMIT - size_around_id())

    assert answer([{**SAMPLE, "id": longest}])[0]["id"] == longest


def test_a_response_above_the_limit_is_an_error() -> None:
    """A response that is one byte too large raises a clear error."""
    too_long = "x" * (RESPONSE_BYTES_LIMIT - size_around_id() + 1)

    with pytest.raises(ResponseTooLargeError, match=r"^response: 6291557 bytes"):
        answer([{**SAMPLE, "id": too_long}])


def test_the_size_counts_escaped_characters() -> None:
    """The size counts non-ASCII characters as older runtimes escape them."""
    with pytest.raises(ResponseTooLargeError):
        answer([{**SAMPLE, "id": "\u3042" * 2_000_000}])


def test_the_size_of_an_envelope_counts_its_quoting() -> None:
    """The size of an envelope counts the escaped quotes of its body."""
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
def test_any_event_has_a_response_or_is_malformed(event: object) -> None:
    """Any event raises MalformedEventError or has a response that is JSON."""
    try:
        response = answer(event)
    except MalformedEventError:
        return

    json.dumps(response, allow_nan=False, ensure_ascii=False).encode()


@given(LISTS)
def test_there_is_an_entry_for_every_sample(samples: list[object]) -> None:
    """Each sample gives one entry, with a sample or a problem, never both."""
    entries = read_event(samples).entries

    assert len(entries) == len(samples)
    assert all((entry.sample is None) != (entry.problem is None) for entry in entries)
