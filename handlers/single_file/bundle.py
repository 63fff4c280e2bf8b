"""Build the reward function as a single file, for platforms that deploy only one file.

    python -m nova_code_verifier.handlers.single_file.bundle dist/reward_lambda.py

In: our own modules and those of RestrictedPython, as they are installed. Out: a Python file that
needs no other: the text of `handlers/single_file/loader.py`, and an archive for it. The same
modules always give the same file.
"""

import base64
import json
import sys
import zlib
from importlib import metadata
from pathlib import Path

import nova_code_verifier

_PACKAGE = Path(nova_code_verifier.__file__).parent
_FOLDERS = ("sandbox", "verifier", "handlers/llm_judge", "handlers/scored")
_HANDLERS = (
    "__init__", "executors", "invocation", "messages", "prompt_groups", "report", "reward",
    "service", "settings", "telemetry", "wire",
)  # fmt: skip
# Modules that need more than Python, and what the archive has under their names instead.
_REPLACEMENTS = {
    "handlers/telemetry.py": "handlers/single_file/plain_telemetry.py",
    "verifier/test_code/harness/pytest_suite.py": "verifier/test_code/harness/no_pytest_suite.py",
}
_LINE_CHARACTERS = 100

_HEADER = '''\
"""nova-code-verifier: a reward function for code, in a single file.

Deploy this file as it is; the handler is `lambda_handler`. It needs Linux and Python 3.11, 3.12 or
3.13, and nothing else. `make single-file` built it, in a repository that also holds the
documentation: do not edit it by hand. It contains RestrictedPython {version}, unchanged, under the
Zope Public License 2.1; the text of the license is in the archive.
"""
'''


def build() -> str:
    """Return the text of the single file. Raises OSError if a module cannot be read."""
    library = metadata.distribution("RestrictedPython")
    packed = zlib.compress(json.dumps(_own_files() | _files_of(library)).encode("ascii"), 9)
    text = base64.b85encode(packed).decode("ascii")
    starts = range(0, len(text), _LINE_CHARACTERS)
    lines = "\n".join(text[start : start + _LINE_CHARACTERS] for start in starts)
    loader = (_PACKAGE / "handlers" / "single_file" / "loader.py").read_text("utf-8")
    code = loader.partition('"""\n')[2]  # _HEADER replaces its docstring
    archive = f'\n_ARCHIVE = """\n{lines}\n"""\n\nlambda_handler = load(_ARCHIVE)\n'
    return _HEADER.format(version=library.version) + code + archive


def _own_files() -> dict[str, str]:
    paths = [_PACKAGE / "__init__.py"]
    paths += [path for folder in _FOLDERS for path in sorted((_PACKAGE / folder).rglob("*.py"))]
    paths += [_PACKAGE / "handlers" / f"{name}.py" for name in _HANDLERS]
    names = [path.relative_to(_PACKAGE).as_posix() for path in paths]
    return {
        f"{_PACKAGE.name}/{name}": (_PACKAGE / _REPLACEMENTS.get(name, name)).read_text("utf-8")
        for name in names
        if name not in _REPLACEMENTS.values()
    }


def _files_of(library: metadata.Distribution) -> dict[str, str]:
    """Read the modules and the license of *library*."""
    found = {}
    for path in sorted(library.files or []):
        if path.suffix == ".py":
            found[path.as_posix()] = path.read_text(encoding="utf-8")
        elif path.name == "LICENSE.txt":
            found["RestrictedPython/LICENSE.txt"] = path.read_text(encoding="utf-8")
    return found


def main() -> None:
    """Write the single file to the path that the command line names."""
    if len(sys.argv) != 2 or sys.argv[1].startswith("-"):  # noqa: PLR2004
        sys.exit(str(__doc__))
    path = Path(sys.argv[1])
    path.parent.mkdir(parents=True, exist_ok=True)
    text = build()
    path.write_text(text, encoding="ascii")
    print(f"{path}: {len(text)} bytes")  # noqa: T201  (a script)


if __name__ == "__main__":
    main()
