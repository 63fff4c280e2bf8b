# against: code|call
# must: wrong_answer|runtime_error|security_violation
# problem: order
# tries: the guest, so that each answer is what is asked for
# passes: 0|1
import sys

conversation = sys.modules.get("sandbox.conversation")
if conversation is not None:
    conversation.to_tree = lambda value, opaque=None: [1, 2, 3]
    conversation.is_plain = lambda value: False
    conversation.Conversation._changed = lambda *a: [[1, [1, 2, 3]]]


def f(numbers):
    return 5
