"""The description of `POST /score`, for OpenAPI."""

from typing import Any

_SAMPLE: dict[str, Any] = {
    "id": "s1",
    "messages": [
        {"role": "user", "content": "Print twice the number."},
        {"role": "assistant", "content": "```python\nprint(2 * int(input()))\n```"},
    ],
    "reference_answer": {"inputs": ["4"], "outputs": ["8"]},
}
_ROW: dict[str, Any] = {
    "id": "s1",
    "aggregate_reward_score": 1.0,
    "metrics_list": [{"name": "correctness", "value": 1.0, "type": "Reward"}],
}
_SAMPLES_SCHEMA: dict[str, Any] = {"type": "array", "items": {"type": "object"}}
_ROW_SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["id", "aggregate_reward_score", "metrics_list"],
    "properties": {
        "id": {"description": "The id of the sample, as it was sent; null if none was"},
        "aggregate_reward_score": {"type": ["number", "null"]},
        "metrics_list": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["name", "value", "type"],
                "properties": {
                    "name": {"type": "string"},
                    "value": {"type": "number"},
                    "type": {"enum": ["Reward", "Metric"]},
                },
            },
        },
        "details": {"type": "object"},
    },
}
_LINE_SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["index", "id"],
    "properties": _ROW_SCHEMA["properties"]
    | {"index": {"type": "integer"}, "error": {"type": "object"}},
}

OPERATION: dict[str, Any] = {
    "parameters": [
        {
            "name": "details",
            "in": "query",
            "required": False,
            "description": "What each row says beside its reward",
            "schema": {"enum": ["summary", "full"]},
        }
    ],
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {
                    "oneOf": [
                        _SAMPLES_SCHEMA,
                        {
                            "type": "object",
                            "required": ["batch"],
                            "properties": {
                                "batch": _SAMPLES_SCHEMA,
                                "details": {"enum": ["summary", "full"]},
                            },
                        },
                        {
                            "type": "object",
                            "required": ["trajectories"],
                            "properties": {"trajectories": _SAMPLES_SCHEMA},
                        },
                        {"type": "object", "required": ["messages"]},
                    ]
                },
                "examples": {
                    "a list": {"value": [_SAMPLE]},
                    "with details": {"value": {"batch": [_SAMPLE], "details": "summary"}},
                    "one sample": {"value": _SAMPLE},
                },
            },
            "application/x-ndjson": {
                "schema": {"type": "string"},
                "examples": {
                    "one sample a line": {
                        "value": '{"id": "s1", "messages": [{"role": "assistant", "content": '
                        '"```python\\nprint(2 * int(input()))\\n```"}], "reference_answer": '
                        '{"inputs": ["4"], "outputs": ["8"]}}\n'
                    }
                },
            },
        },
    },
    "responses": {
        "200": {
            "description": "A row for each sample, in their order; or a line for each, as it ends",
            "content": {
                "application/json": {
                    "schema": {"type": "array", "items": _ROW_SCHEMA},
                    "example": [_ROW],
                },
                "application/x-ndjson": {
                    "schema": {"type": "string"},
                    "example": '{"index": 0, "id": "s1", "aggregate_reward_score": 1.0, '
                    '"metrics_list": [{"name": "correctness", "value": 1.0, "type": "Reward"}]}\n',
                },
            },
        },
    },
}
