"""The page in the repository is what its sources give, and names no registry."""

import json
import re
import shutil
import subprocess
from base64 import b64encode
from hashlib import sha256
from pathlib import Path

import pytest

from tests.paths import REPOSITORY
from tests.report_data import MARKER, TEMPLATE

WEB = REPOSITORY / "handlers" / "report_page" / "web"
_INSTALL_SECONDS = 100


def test_the_page_is_what_its_sources_give(tmp_path: Path) -> None:
    """`make report-page` gives the committed bytes, so no change of one is without the other."""
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("npm is not installed")
    web = tmp_path / "web"
    shutil.copytree(WEB, web, ignore=shutil.ignore_patterns("node_modules"))
    installed = subprocess.run(
        [npm, "ci", "--no-audit", "--no-fund", "--prefer-offline"],
        cwd=web,
        capture_output=True,
        text=True,
        timeout=_INSTALL_SECONDS,
        check=False,
    )
    if installed.returncode != 0:
        pytest.skip(f"npm cannot install the packages here: {installed.stderr[-300:]}")

    subprocess.run([npm, "run", "build"], cwd=web, check=True, capture_output=True)

    assert (tmp_path / "page.html").read_bytes() == TEMPLATE.read_bytes()


def test_the_policy_allows_the_script_and_the_style_of_the_page_alone() -> None:
    """Both hashes are those of the only script and the only style; nothing else is allowed."""
    page = TEMPLATE.read_text()
    (script,) = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    (style,) = re.findall(r"<style>(.*?)</style>", page, re.DOTALL)
    (policy,) = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]*)"', page)

    assert policy.split("; ") == [
        "default-src 'none'",
        f"script-src '{_hash_of(script)}'",
        f"style-src '{_hash_of(style)}'",
        "base-uri 'none'",
        "form-action 'none'",
    ]
    assert page.count(MARKER) == 1
    assert len(page.encode()) < 500_000


def _hash_of(text: str) -> str:
    return "sha256-" + b64encode(sha256(text.encode()).digest()).decode()


def test_the_lock_file_pins_all_packages_and_no_registry() -> None:
    """Each package has a version and a hash, and no address of a registry."""
    lock = json.loads((WEB / "package-lock.json").read_text())
    packages = {name: package for name, package in lock["packages"].items() if name}

    assert packages
    assert [name for name, package in packages.items() if "integrity" not in package] == []
    assert [name for name, package in packages.items() if "resolved" in package] == []


def test_the_page_and_the_notice_name_all_bundled_packages() -> None:
    """The licences of the packages in the page are in it, and NOTICE lists them."""
    page = TEMPLATE.read_text()
    (licences,) = re.findall(r'id="licences">(.*?)</script>', page, re.DOTALL)
    bundled = re.findall(r"^((?:@[\w-]+/)?[\w.-]+) \d[\d.]+ \([\w.-]+\)$", licences, re.MULTILINE)
    notice = (REPOSITORY / "NOTICE").read_text()

    assert {"preact", "diff", "highlight.js", "d3-scale"} <= set(bundled)
    assert [name for name in bundled if name not in notice] == []
