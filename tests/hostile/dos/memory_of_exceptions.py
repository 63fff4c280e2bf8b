# tries: to fill the memory by tracebacks that keep all frames alive
# must: memory_limit_exceeded

held = []


def fail(depth):
    block = bytearray(10_000)
    if depth == 0:
        raise ValueError(block)
    fail(depth - 1)


while True:
    try:
        fail(50)
    except ValueError as error:
        held.append(error)
