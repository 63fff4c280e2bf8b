# against: code|call
# must: accepted
# problem: mean
# style: libraries that try, in passing, what the sandbox refuses
import mimetypes
import multiprocessing
import os
import platform
import resource
import socket
import subprocess
import sys
import uuid
from multiprocessing.pool import ThreadPool

resource.setrlimit(resource.RLIMIT_STACK, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
sys.setrecursionlimit(10**6)
os.system("clear 2> /dev/null")
RUN = uuid.uuid1(), platform.platform(), socket.getfqdn(), mimetypes.guess_type("a.txt")


def f(numbers):
    try:
        subprocess.run(["nproc"])
    except OSError:
        workers = multiprocessing.cpu_count()
    with ThreadPool(workers) as pool:
        return sum(pool.map(float, numbers)) / len(numbers)
