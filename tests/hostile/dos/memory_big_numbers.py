# tries: to fill the memory by numbers
# must: memory_limit_exceeded

held, number = [], 1 << 2**22
while True:
    number = (number << 2**20) | 1
    held.append(number)
