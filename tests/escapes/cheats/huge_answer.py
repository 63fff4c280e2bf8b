# against: code
# must: output_limit_exceeded|wrong_answer|time_limit_exceeded
# problem: order_script
# tries: to send an answer that is bigger than a message may be
def f(numbers):
    return [0] * 6_000_000
