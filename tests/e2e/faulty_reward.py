"""The reward function with faults: it ends in the middle of a call, or never answers.

It ends in every call whose number in its process is FAULT_EXITS_AT. It never answers an event that
contains NEVER.
"""

import json
import os
import time
from itertools import count

from nova_code_verifier.handlers import reward

NEVER = "the function never answers this"
_CALLS = count(1)


def lambda_handler(event: object, context: object) -> object:
    """Score the samples, unless there is a fault."""
    if NEVER in json.dumps(event):
        time.sleep(3600)
    answer = reward.lambda_handler(event, context)
    if next(_CALLS) == int(os.environ.get("FAULT_EXITS_AT", "0")):
        os._exit(1)
    return answer
