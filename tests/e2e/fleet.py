"""Serve several functions under one address, as Lambda does.

In: functions by name, each with its handler, variables and concurrency. Out: a URL for boto3
(`AWS_ENDPOINT_URL_LAMBDA`). An emulator takes one call at a time and has its own format of errors.
So the fleet starts one emulator for each call that overlaps with another, reuses idle ones, and
answers in Lambda's format: 429 when all are busy, 413, failures with `X-Amz-Function-Error`, and
the end of the log if a call wants it. Calls may get faults before and after the function runs.
"""

import http.client
import json
import threading
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.e2e.emulator import Function, running_function
from tests.fakes import HttpReply, LambdaCall, serving_lambda

_PAYLOAD_BYTES_MAX = 6 * 2**20
_ANSWER_SECONDS = 100.0
_FAILED = {"X-Amz-Function-Error": "Unhandled"}
_LOG_BYTES = 4096

Fault = Callable[[int], HttpReply | None]
"""Returns the answer of a call, by its number from 1, in place of the function's; or None."""


def no_fault(_call: int) -> None:
    """Leave the call alone."""


@dataclass(slots=True, kw_only=True)
class Deployment:
    """A function: its handler, its variables, and how many calls it takes at a time.

    With *mixes_tenants* one environment serves several tenants, which Lambda never does. *before*
    replaces calls that then do not reach the function, *after* answers that it has given.
    """

    handler: str
    variables: dict[str, str] = field(default_factory=dict)
    concurrency: int = 2
    may_leave: bool = False
    mixes_tenants: bool = False
    before: Fault = no_fault
    after: Fault = no_fault
    idle: list[Function] = field(default_factory=list)
    busy: int = 0
    calls: int = 0
    throttled: int = 0


class Fleet:
    """Functions, and the environments that serve them. `url` is the address of all functions."""

    url: str

    def __init__(self, emulator: Path, deployments: dict[str, Deployment]) -> None:
        """Serve *deployments*. An environment starts with the first call that needs it."""
        self.deployments = deployments
        self.environments = ExitStack()
        self._emulator = emulator
        self._lock = threading.Lock()

    def invoke(self, call: LambdaCall) -> HttpReply:
        """Serve one call."""
        deployment = self.deployments.get(call.function)
        if deployment is None:
            return _error(404, "ResourceNotFoundException")
        if len(call.payload) > _PAYLOAD_BYTES_MAX:
            return _error(413, "RequestTooLargeException")
        with self._lock:
            if deployment.busy >= deployment.concurrency:
                deployment.throttled += 1
                return _error(429, "TooManyRequestsException", b'{"message": "Rate Exceeded."}')
            deployment.busy += 1
            deployment.calls += 1
            number = deployment.calls
        try:
            if fault := deployment.before(number):
                return fault
            answer = self._answer(deployment, call)
            return deployment.after(number) or answer
        finally:
            with self._lock:
                deployment.busy -= 1

    def _answer(self, deployment: Deployment, call: LambdaCall) -> HttpReply:
        if call.tenant is not None and not deployment.mixes_tenants:
            # No later call has the same tenant, so nothing would use this environment again.
            with self._running(deployment) as fresh:
                return _call(fresh, call)
        with self._lock:
            function = deployment.idle.pop() if deployment.idle else None
            if function is None:
                function = self.environments.enter_context(self._running(deployment))
        reply = _call(function, call)
        with self._lock:
            deployment.idle.append(function)
        return reply

    def _running(self, deployment: Deployment) -> AbstractContextManager[Function]:
        return running_function(
            self._emulator,
            handler=deployment.handler,
            may_leave=deployment.may_leave,
            **deployment.variables,
        )


@contextmanager
def running_fleet(emulator: Path, **deployments: Deployment) -> Iterator[Fleet]:
    """Serve functions for the length of a `with` block."""
    fleet = Fleet(emulator, deployments)
    with fleet.environments, serving_lambda(fleet.invoke) as fleet.url:
        yield fleet


def _error(status: int, code: str, body: bytes = b"{}") -> HttpReply:
    return HttpReply(status=status, headers={"x-amzn-ErrorType": code}, body=body)


def _call(function: Function, call: LambdaCall) -> HttpReply:
    """Call an environment, and translate the emulator's answer to Lambda's format."""
    connection = http.client.HTTPConnection("127.0.0.1", function.port, timeout=_ANSWER_SECONDS)
    path = "/2015-03-31/functions/function/invocations"
    headers = {} if call.tenant is None else {"X-Amz-Tenant-Id": call.tenant}
    position = function.log_bytes
    try:
        connection.request("POST", path, call.payload, headers)
        response = connection.getresponse()
        body = response.read()
    finally:
        connection.close()
    if body.startswith(b"Task timed out"):
        error = {"errorType": "Sandbox.Timedout", "errorMessage": body.decode()}
        return HttpReply(headers=_FAILED, body=json.dumps(error).encode())
    has_failed = response.status != 200 or b'"errorType":' in body.replace(b" ", b"")[:10_000]
    answer_headers = dict(_FAILED) if has_failed else {}
    if call.wants_log and not has_failed:  # the emulator reports no call that failed
        log = function.log_since(position).encode()[-_LOG_BYTES:]
        answer_headers["X-Amz-Log-Result"] = b64encode(log).decode()
    return HttpReply(headers=answer_headers, body=body)
