# against: code
# must: time_limit_exceeded
# problem: order_script
# tries: to use all the time that there is
def f(numbers):
    while True:
        pass
