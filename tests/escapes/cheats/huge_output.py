# against: code
# must: output_limit_exceeded|wrong_answer|time_limit_exceeded
# problem: order_script
# tries: to print more output than is kept
def f(numbers):
    while True:
        print("passed" * 100_000)
