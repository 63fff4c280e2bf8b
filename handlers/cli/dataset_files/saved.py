"""Recognise a directory that the library `datasets` has written.

In: a directory. Out: the files with its rows, in the order of the rows. `save_to_disk` writes Arrow
files and lists them in `state.json`; beside them are descriptions in JSON, which hold no rows.
"""

import json
from collections.abc import Sequence
from pathlib import Path

from nova_code_verifier.handlers.cli.files import UnusableFileError, file_errors

DESCRIPTIONS = frozenset({"state.json", "dataset_info.json", "dataset_infos.json"})
"""Names of files that describe rows and hold none."""
_STATE = "state.json"
_SPLITS = "dataset_dict.json"


def saved_files(directory: Path) -> Sequence[Path] | None:
    """Return the files with the rows; None if `save_to_disk` has not written *directory*.

    Raises UnusableFileError for a directory of several splits, and for a list of files that cannot
    be used.
    """
    if (directory / _SPLITS).is_file():
        splits = sorted(path.name for path in directory.iterdir() if (path / _STATE).is_file())
        named = f"; name one of them: {directory / splits[0]}" if splits else ""
        found = ", ".join(splits) or "nothing in it"
        raise UnusableFileError(f"cannot read {directory}: found the splits {found}{named}")
    if not (directory / _STATE).is_file():
        return None
    names = _listed_names(directory / _STATE)
    paths = [directory / name for name in names]
    if missing := next((path for path in paths if not path.is_file()), None):
        raise UnusableFileError(f"cannot read {missing}: missing; {directory / _STATE} lists it")
    return paths


def _listed_names(state: Path) -> list[str]:
    """Return the names in *state*. Raises UnusableFileError unless all are names of files."""
    with file_errors(f"cannot read {state}"):
        text = state.read_bytes()
    match _parsed(text):
        case {"_data_files": list(files)} if files:
            names = [file.get("filename") if isinstance(file, dict) else None for file in files]
            listed = [name for name in names if isinstance(name, str) and Path(name).name == name]
            if len(listed) == len(names):
                return listed
    raise UnusableFileError(
        f"{state}: expected _data_files, a list of files in this directory, as `save_to_disk` of "
        "`datasets` writes it"
    )


def _parsed(text: bytes) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None
