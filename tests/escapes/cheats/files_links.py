# against: code
# must: wrong_answer|runtime_error|security_violation|time_limit_exceeded|memory_limit_exceeded|output_limit_exceeded
# problem: files
# tries: to leave links to files outside, and circles of links
import os


def plant(path="words.txt"):
    targets = ("/etc/passwd", "/proc/self/mem", "/proc/self/maps", "/dev/zero", "/dev/stdin", "/proc/1/environ", "self", "..")
    for number, target in enumerate(targets):
        for name in (path, f"link{number}", "here.json"):
            try:
                if os.path.lexists(name):
                    os.remove(name)
                os.symlink(target, name)
            except OSError:
                pass


def count_words(path):
    plant()


def save(path, value):
    plant(path)


def names(folder):
    plant(os.path.join(folder, 'x'))
