"""Fetch the official clients that verify a reward function before a training job.

In: nothing. Out: a directory for `sys.path`, in `.cache/` of the repository. The packages are
installed without their dependencies, which are a gigabyte (pandas, mlflow; once PyTorch, too):
the verification needs only the packages in this list and those of our environment. As a script
it prints the directory, or the reason why there is none.
"""

import sys
import tempfile
from pathlib import Path

from tests.e2e.fetch_rie import EmulatorUnavailableError, find_pip, run_command

REQUIREMENTS = (
    "amzn-nova-customization-sdk==1.1.2",  # later versions contain or require the next package
    "amzn-nova-forge==1.4.10",  # names the next package as its successor
    "sagemaker-train==1.27.0",
    "filetype==1.2.0",
    "requests==2.34.2",
    "certifi==2026.10.18",
    "charset-normalizer==3.5.2",
    "idna==3.20",
)
_CACHE = Path(__file__).resolve().parents[2] / ".cache"
_PIP_OPTIONS = ["--quiet", "--no-deps", "--no-compile", "--disable-pip-version-check"]
# Their metadata requires Python 3.12, but they run on all versions that we support.
_PIP_OPTIONS += ["--ignore-requires-python", "--retries", "1"]


class ClientsUnavailableError(Exception):
    """The clients cannot be fetched; the message says why."""


def fetch_clients(cache: Path = _CACHE) -> Path:
    """Return the directory of the clients, downloaded if it is not in *cache*.

    Raises ClientsUnavailableError.
    """
    version = ".".join(map(str, sys.version_info[:2]))
    directory = cache / f"clients-{version}-{'-'.join(_versions())}"
    if not directory.is_dir():
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cache) as draft:
            _install(Path(draft, "clients"))
            Path(draft, "clients").rename(directory)  # never a part of the packages
    return directory


def _versions() -> list[str]:
    return [requirement.partition("==")[2] for requirement in REQUIREMENTS[:3]]


def _install(target: Path) -> None:
    try:
        pip = find_pip()
    except EmulatorUnavailableError as error:
        raise ClientsUnavailableError(str(error)) from None
    error_message = run_command(
        [*pip, "install", *_PIP_OPTIONS, "--target", str(target), *REQUIREMENTS]
    )
    if error_message is not None:
        raise ClientsUnavailableError(f"pip failed, perhaps without a network: {error_message}")


def main() -> None:
    """Print the directory of the clients."""
    try:
        print(fetch_clients())  # noqa: T201  (a script)
    except ClientsUnavailableError as error:
        sys.exit(f"{Path(__file__).name}: {error}")


if __name__ == "__main__":
    main()
