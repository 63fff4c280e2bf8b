"""Maps of memory without a file: private for honest programs, refused if they are shared."""

from collections.abc import Callable

import pytest

from nova_code_verifier.sandbox.types import Ending, Execution
from tests.executors import executor, level, run  # noqa: F401  (fixtures)

HONEST = {
    "anonymous": (
        "m = mmap.mmap(-1, 13); m.write(b'Hello world!'); m.seek(0)\n"
        "print(m.read(12), len(m), isinstance(m, mmap.mmap))"
    ),
    "file": (
        "with open('f', 'w+b') as f:\n"
        "    f.write(b'a' * 9000); f.flush()\n"
        "    with mmap.mmap(f.fileno(), 0) as m: m[0:2] = b'xy'; m.flush()\n"
        "    with mmap.mmap(f.fileno(), 0, flags=mmap.MAP_PRIVATE) as m: m[0:1] = b'q'\n"
        "    with mmap.mmap(f.fileno(), 4096, prot=mmap.PROT_READ) as m: print(m[:3])\n"
        "    with mmap.mmap(f.fileno(), 9, offset=4096) as m: print(m[:])"
    ),
}
SHOWN = {"anonymous": b"b'Hello world!' 13 True\n", "file": b"b'xya'\nb'aaaaaaaaa'\n"}

SHARED = {
    "the original class": "m = mmap.mmap.__base__(-1, size)",
    "by its access": "m = mmap.mmap.__base__(-1, size, access=mmap.ACCESS_WRITE)",
    "with a descriptor": "m = mmap.mmap(os.pipe()[0], size, mmap.MAP_SHARED | mmap.MAP_ANONYMOUS)",
    "a device": "m = mmap.mmap(os.open('/dev/zero', os.O_RDWR), size)",
}


@pytest.mark.parametrize("name", HONEST)
def test_honest_programs_map_memory_and_files(name: str, run: Callable[..., Execution]) -> None:  # noqa: F811
    """They find the class `mmap.mmap` as it is without a sandbox."""
    assert run(f"import mmap\n{HONEST[name]}").stdout == SHOWN[name]


@pytest.mark.parametrize("name", SHARED)
def test_shared_memory_without_a_file_is_refused(
    name: str,
    run: Callable[..., Execution],  # noqa: F811
) -> None:
    """A guest could drop it from its address space and still hold it."""
    execution = run(f"import mmap, os\nsize = 2**20\n{SHARED[name]}")

    assert (execution.ending, execution.exit_status) == (Ending.FINISHED, 1)
    assert execution.error is not None
    assert execution.error.type_name == "PermissionError"


def test_memory_that_was_dropped_is_not_held(run: Callable[..., Execution]) -> None:  # noqa: F811
    """A map of honest programs is empty after MADV_DONTNEED: nobody has to count it."""
    program = "import mmap\nm = mmap.mmap(-1, 4096)\nm[0] = 1\nm.madvise(mmap.MADV_DONTNEED)\n"

    assert run(program + "print(m[0])").stdout == b"0\n"
