# tries: to let a key function grow the list that is being sorted
# must: memory_limit_exceeded|runtime_error

rows = list(range(100))


def key(_):
    rows.append(bytearray(2**20))
    return 0


while True:
    rows.sort(key=key)
