# against: code|call
# must: accepted
# problem: order
# style: files of its own: in /tmp, copied, read-only
import os
import shutil
import stat


def f(numbers):
    os.makedirs("/tmp/numbers", exist_ok=True)
    for index, number in enumerate(numbers):
        with open(f"/tmp/numbers/{index}", "w") as file:
            file.write(str(number))
        os.chmod(f"/tmp/numbers/{index}", 0o400)
    shutil.copytree("/tmp/numbers", "copies", dirs_exist_ok=True)
    shutil.rmtree("/tmp/numbers")
    found = []
    for name in os.listdir("copies"):
        assert stat.S_IMODE(os.stat(f"copies/{name}").st_mode) == 0o400
        with open(shutil.copy2(f"copies/{name}", "one")) as file:
            found.append(int(file.read()))
        os.remove("one")
    shutil.rmtree("copies")
    return sorted(found)
