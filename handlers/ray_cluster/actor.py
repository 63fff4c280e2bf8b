"""Score on a node of Ray: one executor, which several batches share.

In: entries. Out: a scored sample for each. Ray starts this class in a process of its own; nothing
here needs Ray. Only trusted code runs in that process: candidates run in the guests of its zygotes.
"""

import os
import pickle
import sys
import traceback
from collections.abc import Mapping
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING

from nova_code_verifier.handlers.executors import start_local
from nova_code_verifier.handlers.gathering.shared_executor import SharedExecutor
from nova_code_verifier.handlers.scored.packing import unpack
from nova_code_verifier.handlers.scored.sample import ScoredSample, score_entries
from nova_code_verifier.handlers.service import Service
from nova_code_verifier.handlers.settings import Settings, SettingsError
from nova_code_verifier.sandbox.errors import SandboxError
from nova_code_verifier.sandbox.host.memory import bytes_for_guests, fitting_workers
from nova_code_verifier.verifier.semantics import SEMANTICS_VERSION

if TYPE_CHECKING:
    from nova_code_verifier.sandbox.host.local import LocalExecutor

_COMPARED = (
    "nova-code-verifier", "RestrictedPython", "pytest",
    "matplotlib", "numpy", "pandas", "scikit-learn", "scipy", "seaborn",
)  # fmt: skip


def versions_here() -> dict[str, str]:
    """Return the versions that decide about rewards: of this package, Python, and libraries."""
    found = {"semantics": str(SEMANTICS_VERSION), "Python": sys.version.partition(" ")[0]}
    for name in _COMPARED:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "none"
    return found


def difference(expected: Mapping[str, str], found: Mapping[str, str]) -> str:
    """Return how the versions *found* on a node differ from those *expected*; "" if they do not."""
    names = sorted(expected.keys() | found.keys())
    pairs = [(name, expected.get(name, "none"), found.get(name, "none")) for name in names]
    differing = [pair for pair in pairs if pair[1] != pair[2]]
    return ", ".join(f"{name} {there} instead of {here}" for name, here, there in differing)


def digest_of(settings: bytes) -> str:
    """Return a digest of pickled settings that is the same in every process."""
    return sha256(repr(pickle.loads(settings)).encode("utf-8", "surrogatepass")).hexdigest()  # noqa: S301


class ScoringActor:
    """Scores entries on one node. Ray calls its methods in several threads."""

    def __init__(
        self, versions: Mapping[str, str], settings: bytes, *, processors: int, share: float
    ) -> None:
        """Start an executor for *processors*, which may use a *share* of the node's memory.

        *versions* are those of the driver, and *settings* its settings, pickled: other versions of
        this package might not read them. Raises nothing: `hello` reports what is wrong.
        """
        self._bug = ""
        self._executor: LocalExecutor | None = None
        try:
            if problem := difference(versions, versions_here()):
                self._answer = {"problem": f"{problem}; install the same versions on every node"}
            else:
                level = self._start(pickle.loads(settings), processors, share)  # noqa: S301  (the driver's)
                self._answer = {
                    "level": level,
                    "pid": str(os.getpid()),
                    "settings": digest_of(settings),
                }
        except (SandboxError, SettingsError) as error:
            self._answer = {"problem": str(error)}

    def _start(self, settings: Settings, processors: int, share: float) -> str:
        guests_bytes = bytes_for_guests() * share
        workers = fitting_workers(
            None,
            default=processors + 1 if processors > 1 else 1,
            guest_bytes=settings.limits.memory_bytes,
            guests_bytes=guests_bytes,
        )
        self._executor = executor = start_local(
            settings, workers=workers, guests_bytes=guests_bytes
        )
        level = executor.level
        self._service = Service(
            SharedExecutor(executor),
            settings,
            on_bug=self._keep_bug,
            on_misjudged=lambda problem: print(problem, file=sys.stderr),  # noqa: T201  (Ray's log)
        )
        return level

    def _keep_bug(self, _index: int) -> None:
        self._bug = self._bug or traceback.format_exc()
        traceback.print_exc()

    def hello(self) -> dict[str, str]:
        """Return the `level` of the guests, our `pid` and digested `settings`; or a `problem`."""
        return self._answer

    def ping(self) -> None:
        """Show that this process is alive."""

    def score(self, packed: bytes, *, full: bool) -> list[ScoredSample]:
        """Return the scored sample of every *packed* entry, in order.

        Raises SandboxError if the sandbox cannot run anything any more.
        """
        entries = unpack(packed)
        scored = dict(score_entries(self._service, entries, full=full))
        return [scored[index] for index in range(len(entries))]

    def close(self) -> str:
        """End the zygotes, remove their directories, and return the traceback of the first bug.

        The process is killed after that.
        """
        if self._executor is not None:
            self._executor.close()
        return self._bug
