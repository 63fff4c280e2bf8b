# tries: to unpack a small archive that holds much
# must: memory_limit_exceeded
# limits: cpu_seconds=5 wall_seconds=8

import zlib

packer = zlib.compressobj(1)
packed = b"".join(packer.compress(bytes(2**20)) for _ in range(150)) + packer.flush()
print(len(zlib.decompress(packed)))
