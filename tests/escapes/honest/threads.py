# against: code|call
# must: accepted
# problem: mean
# style: threads that compute the answer together
import threading


def f(numbers):
    sums = [0, 0]
    lock = threading.Lock()

    def add(part):
        for number in part:
            with lock:
                sums[0] += number
                sums[1] += 1

    threads = [threading.Thread(target=add, args=(numbers[n::2],)) for n in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sums[0] / sums[1]
