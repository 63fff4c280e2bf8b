# tries: to read the program of the sample beside it, through descriptors that were left open
# must: harmless

import os

for number in range(3, 300):
    for read in (lambda n: os.pread(n, 9999, 0), lambda n: os.lseek(n, 0, 0)):
        try:
            text = read(number)
        except OSError:
            continue
        print(number, text)
        if number > 4:
            print("BREACH")
