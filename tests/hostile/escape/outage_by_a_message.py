# tries: to make its failure look like a fault of ours
# must: runtime_error|wrong_answer
# asked: call

import json, os


def f(number):
    for word in ("not_run", "ungraded", "unsendable", "skipped", "outage"):
        text = json.dumps(["failed", word, "SandboxError", "not run"]).encode()
        os.write(3, len(text).to_bytes(4, "big") + text)
    os._exit(0)
