"""The wheel, as a user installs it."""

import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import pytest

from tests.paths import REPOSITORY

PROGRAM = """
import nova_code_verifier
from nova_code_verifier import LocalExecutor, Sample, judge

if __name__ == "__main__":
    sample = Sample(completion="print(3)", reference={"inputs": ["1 2"], "outputs": ["3"]})
    code = Sample(completion="def f(x): return x", reference={"test": "assert f(1) == 1"})
    with LocalExecutor(workers=1) as executor:
        print(nova_code_verifier.__file__)
        print([(one.verdict.value, one.problem) for one in judge([sample, code], executor)])
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel."""
    directory = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir"]
    subprocess.run([*command, str(directory), str(REPOSITORY)], check=True)
    (path,) = directory.glob("*.whl")
    return path


def test_the_wheel_has_one_top_level_package(wheel: Path) -> None:
    """No folder of ours can shadow a user's `handlers` or `sandbox`."""
    names = {name.partition("/")[0] for name in ZipFile(wheel).namelist()}

    assert {name for name in names if not name.endswith(".dist-info")} == {"nova_code_verifier"}


def test_the_wheel_holds_real_files(wheel: Path) -> None:
    """The links of the repository become files, and `py.typed` marks the package as typed."""
    names = ZipFile(wheel).namelist()

    assert {"nova_code_verifier/py.typed", "nova_code_verifier/sandbox/guest/zygote.py"} <= {*names}
    assert len(names) == len(set(names))
    assert "nova_code_verifier/adapters/core.py" in names
    assert not [name for name in names if "handlers/adapters" in name]
    assert "nova_code_verifier/handlers/report_page/page.html" in names
    assert not [name for name in names if "report_page/web" in name]


def test_the_wheel_judges_a_sample(wheel: Path, tmp_path: Path) -> None:
    """Programs and test code run from the installed files, without the repository."""
    site = tmp_path / "site"
    ZipFile(wheel).extractall(site)
    (tmp_path / "main.py").write_text(PROGRAM)

    done = subprocess.run(
        [sys.executable, "main.py"],
        cwd=tmp_path,
        env={"PYTHONPATH": str(site)},
        capture_output=True,
        text=True,
        check=True,
    )

    path, verdicts = done.stdout.splitlines()
    assert path == str(site / "nova_code_verifier" / "__init__.py")
    assert verdicts == "[('accepted', ''), ('accepted', '')]"
