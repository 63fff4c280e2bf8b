"""Fetch the official clients that verify a reward function before a training job.

In: nothing. Out: a directory for `sys.path`, in `.cache/` of the repository. The packages come
without what they require: that is a gigabyte (pandas, mlflow; once PyTorch, too), of which the
verification uses what is listed here and what our own environment has. As a script: prints the
directory, or says why there is none. Must not know: the reward function.
"""

import sys
import tempfile
from pathlib import Path

from tests.e2e.fetch_rie import EmulatorUnavailableError, complaint_of, find_pip

REQUIREMENTS = (
    "amzn-nova-customization-sdk==1.1.2",  # the later ones hold, or require, the next
    "amzn-nova-forge==1.4.10",  # says itself that the next is its successor
    "sagemaker-train==1.27.0",
    "filetype==1.2.0",
    "requests==2.34.2",
    "certifi==2026.10.18",
    "charset-normalizer==3.5.2",
    "idna==3.20",
)
_CACHE = Path(__file__).resolve().parents[2] / ".cache"
_PIP_OPTIONS = ["--quiet", "--no-deps", "--no-compile", "--disable-pip-version-check"]
# They ask for 3.12, and run on ours.
_PIP_OPTIONS += ["--ignore-requires-python", "--retries", "1"]


class ClientsUnavailableError(Exception):
    """The clients are not to be had; the message says why."""


def fetch_clients(cache: Path = _CACHE) -> Path:
    """Return the directory of the clients, downloaded if it is not in *cache*.

    Raises ClientsUnavailableError.
    """
    version = ".".join(map(str, sys.version_info[:2]))
    place = cache / f"clients-{version}-{'-'.join(_versions())}"
    if not place.is_dir():
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cache) as draft:
            _install(Path(draft, "clients"))
            Path(draft, "clients").rename(place)  # all or nothing
    return place


def _versions() -> list[str]:
    return [requirement.partition("==")[2] for requirement in REQUIREMENTS[:3]]


def _install(target: Path) -> None:
    try:
        pip = find_pip()
    except EmulatorUnavailableError as error:
        raise ClientsUnavailableError(str(error)) from None
    complaint = complaint_of(
        [*pip, "install", *_PIP_OPTIONS, "--target", str(target), *REQUIREMENTS]
    )
    if complaint is not None:
        raise ClientsUnavailableError(f"for want of a network? {complaint}")


def main() -> None:
    """Print the directory."""
    try:
        print(fetch_clients())  # noqa: T201  (a script)
    except ClientsUnavailableError as error:
        sys.exit(f"{Path(__file__).name}: {error}")


if __name__ == "__main__":
    main()
