# tries: to send messages of every kind and of none, before and after its own
# must: wrong_answer|runtime_error|compile_error|no_entry_point
# asked: call

import json, os


def send(message):
    text = message if isinstance(message, bytes) else json.dumps(message).encode()
    os.write(3, len(text).to_bytes(4, "big") + text)


def f(number):
    for kind in ("loaded", "value", "raised", "failed", "forbidden", "started", "ended", "ready"):
        for rest in ([], [0], ["x", "y"], [{"pid": 1}], [None] * 9):
            send([kind, *rest])
    return number
