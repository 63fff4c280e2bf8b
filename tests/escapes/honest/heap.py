# against: code|call
# must: accepted
# problem: order
# style: a library, a loop, and a generator that becomes a list
import heapq


def drained(heap):
    while heap:
        yield heapq.heappop(heap)


def f(numbers):
    heap = list(numbers)
    heapq.heapify(heap)
    return list(drained(heap))
