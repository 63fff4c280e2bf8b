"""Call the executor function through AWS.

In: the name or ARN of a function. Out: a function `invoke(bytes) -> bytes`. A candidate may have
written the answer of the executor function, so nothing in it is trusted.
"""

import json
from collections.abc import Callable
from uuid import uuid4

from nova_code_verifier.handlers.executor_function.envelope import unwrap, wrap
from nova_code_verifier.handlers.lambda_client import content_of, lambda_client, unreadable


def function_invoker(
    function: str, *, connections: int, fresh_environment: bool = False
) -> Callable[[bytes], bytes]:
    """Return a function that calls *function*, from up to *connections* threads at a time.

    With *fresh_environment*, each call has a new tenant id, so that Lambda serves it in an
    environment that served no other call. *function* must have been created with tenant isolation.
    """
    # sandbox/remote/client.py repeats calls, until the deadline.
    client = lambda_client("the executor function", connections=connections)

    def invoke(payload: bytes) -> bytes:
        event = json.dumps(wrap(payload)).encode("ascii")
        tenant = {"TenantId": uuid4().hex} if fresh_environment else {}
        answer = client.call(function, event, **tenant)
        return read_answer(answer.body, has_failed=answer.has_failed)

    return invoke


def read_answer(answer: bytes, *, has_failed: bool) -> bytes:
    """Return the payload in *answer*. Raises FunctionCrashedError if there is none."""
    content = content_of(answer, has_failed=has_failed)
    try:
        return unwrap(content)
    except ValueError as error:
        raise unreadable(error) from error
