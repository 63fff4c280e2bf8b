# tries: to write by calls that copy within the kernel
# must: output_limit_exceeded|runtime_error
# limits: cpu_seconds=5 wall_seconds=8

import os, time

source = os.open("x", os.O_CREAT | os.O_RDWR)
os.write(source, bytes(2**19))
for number in range(64):
    target = os.open(str(number), os.O_CREAT | os.O_RDWR)
    os.lseek(source, 0, 0)
    if number % 2:
        os.sendfile(target, source, 0, 2**19)
    else:
        os.copy_file_range(source, target, 2**19, 0, 0)
time.sleep(8)
