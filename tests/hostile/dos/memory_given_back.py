# tries: to take much memory for a moment only, between two looks of the keeper
# must: memory_limit_exceeded

for _ in range(20):
    block = bytearray(100 * 2**20)
    block[:: 4096] = b"x" * len(block[:: 4096])
    del block
print("done")
