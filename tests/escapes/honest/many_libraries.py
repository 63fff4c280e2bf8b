# against: code|call
# must: accepted
# problem: mean
# style: libraries that try, in passing, what the sandbox refuses
import mimetypes
import multiprocessing
import platform
import resource
import socket
import sys
import uuid
from multiprocessing.pool import ThreadPool

resource.setrlimit(resource.RLIMIT_STACK, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
sys.setrecursionlimit(10**6)
RUN = uuid.uuid1(), platform.platform(), platform.processor(), socket.getfqdn(), mimetypes.guess_type("a.txt")


def f(numbers):
    try:
        multiprocessing.Pool(2)
    except OSError:
        workers = multiprocessing.cpu_count()
    with ThreadPool(workers) as pool:
        return sum(pool.map(float, numbers)) / len(numbers)
