# against: code|call
# must: accepted
# problem: order
# style: debug prints, on both streams, and a main block
import sys

print("loading")


def f(numbers):
    print("sorting", numbers)
    print("still sorting", file=sys.stderr)
    return sorted(numbers)


if __name__ == "__main__":
    print(f([2, 1]))
