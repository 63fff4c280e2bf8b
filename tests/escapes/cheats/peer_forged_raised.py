# against: code
# must: wrong_answer|runtime_error|security_violation
# problem: order_script
# tries: to raise what ends or skips the tests, by its name
import json
import os
import sys


def request():
    """Find the request that this call answers, in the frames of the guest."""
    frame = sys._getframe()
    while frame is not None:
        for value in list(frame.f_locals.values()):
            if isinstance(value, dict) and "op" in value:
                return value
        frame = frame.f_back
    return {"id": 1, "op": "call", "on": []}


def say(message):
    """Write a message of our own to the harness."""
    payload = message if isinstance(message, bytes) else json.dumps(message).encode()
    os.write(5, len(payload).to_bytes(4, "big") + payload)


NAMES = [
    "StopIteration", "SystemExit", "KeyboardInterrupt", "GeneratorExit", "unittest.case.SkipTest", "Skipped",
    "_pytest.outcomes.Skipped", "_pytest.outcomes.Exit", "CandidateLostError", "UncarriedError",
    "nova_code_verifier.verifier.test_code.harness.candidates.UncarriedError",
]


def f(numbers, left=iter(NAMES * 9)):
    name = next(left)
    for key in ("class", "type", "name", "kind", "is"):
        say({"re": request().get("id"), "raised": {key: name, "args": ["0"], "text": "skipped", "h": 0}})
    return []
