# against: code
# must: time_limit_exceeded
# problem: order_script
# tries: to take all the time there is
def f(numbers):
    while True:
        pass
