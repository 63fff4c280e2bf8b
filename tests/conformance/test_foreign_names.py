"""What a guest learns about files of the machine that it cannot read."""

import tempfile
from collections.abc import Callable
from pathlib import Path

from nova_code_verifier.sandbox.host.local import LocalExecutor
from nova_code_verifier.sandbox.types import Execution
from tests.conformance.behaviours.isolation import HELPERS

# What `SECURITY.md` says that a guest can learn about files which it cannot read.
ORACLES = {
    "stat": "os.stat(MARKER).st_size",
    "lstat": "os.lstat(LINK).st_size",
    "readlink": "os.readlink(LINK) == MARKER",
    "access": "os.access(MARKER, os.F_OK)",
    "statvfs": "os.statvfs(OUTSIDE).f_blocks",
    "exists": "os.path.exists(MARKER) and not os.path.exists(MARKER + 'x')",
    "names": "os.listdir(OUTSIDE)",
    "content": "open(MARKER).read()",
    "attributes": "os.listxattr(MARKER) is not None",
    "a closed folder": "os.stat(CLOSED + '/marker').st_size",
}
SEEN = {"stat", "lstat", "readlink", "access", "statvfs", "exists", "a closed folder"}


def test_a_guest_learns_that_a_foreign_file_exists_and_no_more(
    run: Callable[..., Execution], executor: LocalExecutor
) -> None:
    """It may ask what its user may ask by name; it reads no names, content or attributes."""
    with tempfile.TemporaryDirectory(prefix="foreign-") as name:
        foreign, closed = Path(name), Path(name, "closed")
        closed.mkdir(0o700)
        for folder in (foreign, closed):
            (folder / "marker").write_text("secret")
        (foreign / "link").symlink_to(foreign / "marker")
        foreign.chmod(0o755)
        program = f"""{HELPERS}
OUTSIDE = {name!r}
MARKER, LINK, CLOSED = OUTSIDE + '/marker', OUTSIDE + '/link', OUTSIDE + '/closed'
"""
        for what, code in ORACLES.items():
            program += f"try:\n    if {code}: print({what!r})\nexcept OSError: pass\n"
        seen = set(run(program).stdout.decode().splitlines())

    # A user of their own may not search what is closed to others.
    hidden = {"a closed folder"} if executor.granted["uid_dropped"] else set()
    assert seen == SEEN - hidden
