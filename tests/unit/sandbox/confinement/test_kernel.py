"""Kernel calls that Python does not offer."""

import subprocess
import sys

from tests.paths import REPOSITORY

_JOIN = """
import _json
from nova_code_verifier.sandbox.confinement.kernel import join_mappings

def mappings():
    with open("/proc/self/maps") as file:
        return sum("_json" in line for line in file)

before = mappings()
join_mappings()
import json
print(before > mappings(), json.loads('{"a": [1]}'))
"""


def test_a_library_has_fewer_mappings_when_they_are_joined() -> None:
    """Joined mappings are one for the kernel, and their code runs as before."""
    done = subprocess.run(
        [sys.executable, "-c", _JOIN], cwd=REPOSITORY, capture_output=True, text=True, check=False
    )

    assert (done.stdout, done.stderr) == ("True {'a': [1]}\n", "")
