# against: code
# must: accepted
# problem: files
# style: reads and writes files that the tests name
import json
import os


def count_words(path):
    with open(path) as file:
        return len(file.read().split())


def save(path, value):
    with open(path, "w") as file:
        json.dump(value, file)


def names(folder):
    return sorted(name for name in os.listdir(folder) if name.endswith(".txt"))
