# tries: to print a number with a width of a gigabyte
# must: memory_limit_exceeded|runtime_error

print(f"{1:>{3 * 2**30}}")
