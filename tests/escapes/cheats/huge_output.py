# against: code
# must: output_limit_exceeded|wrong_answer|time_limit_exceeded
# problem: order_script
# tries: more output than anybody keeps
def f(numbers):
    while True:
        print("passed" * 100_000)
