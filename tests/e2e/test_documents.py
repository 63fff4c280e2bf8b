"""The README and the manual: what they show works, and what they list exists."""

import json
import re
import subprocess
import sys
from dataclasses import fields

import pytest

from nova_code_verifier.handlers.settings import SERVICE_TOKEN, Settings
from tests.paths import REPOSITORY

README = (REPOSITORY / "README.md").read_text("utf-8")


def blocks(language: str, page: str = README) -> list[str]:
    """Return the fenced blocks of a page in *language*."""
    return re.findall(rf"^```{language}\n(.*?)^```$", page, re.DOTALL | re.MULTILINE)


def run(program: str) -> list[str]:
    """Run a program and return the lines that it prints."""
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.splitlines()


def test_the_reward_function_of_the_readme_grades() -> None:
    """The snippet for TRL prints one reward per completion."""
    (snippet,) = [block for block in blocks("python") if "code_reward" in block]

    assert run(snippet) == ["[1.0, 0.0]"]


def test_the_library_snippet_of_the_readme_prints_scores() -> None:
    """The snippet prints the score of a right program and of prose, in order and as known."""
    (snippet,) = [block for block in blocks("python") if "for graded in grade" in block]

    lines = run(snippet)

    assert lines[:2] == ["accepted 1.0 2 2 ", "no_candidate 0.0 0 2 "]
    assert sorted(lines[2:]) == ["0 1.0", "1 0.0"]


def test_the_snippets_for_trainers_grade() -> None:
    """Those that need no trainer's package print the reward of a right program.

    A server of NeMo Gym runs with its package only (`tests/trainers`).
    """
    page = (REPOSITORY / "docs" / "trainers.md").read_text("utf-8")
    runnable = [block for block in blocks("python", page) if "__main__" in block]
    snippets = [block for block in runnable if "nemo_gym" not in block]

    lines = [line for snippet in snippets for line in run(snippet)]

    assert len(lines) == 2
    assert lines[0].startswith("{'score': 1.0, ")
    assert lines[1] == "1.0 1.0 "


@pytest.mark.parametrize("block", blocks("json"))
def test_the_json_of_the_readme_is_a_reference(block: str) -> None:
    """A reference that is shown can be used."""
    program = (
        "from nova_code_verifier import Sample\n"
        "from nova_code_verifier.verifier.pipeline import prepare\n"
        f"print(repr(prepare(Sample(completion='x', reference={json.loads(block)!r})).problem))"
    )

    assert run(program) == ["''"]


def test_the_files_that_the_readme_names_exist() -> None:
    """No link and no command of the README leads to a missing file."""
    links = re.findall(r"\]\(([^)#:]+)", README)
    named = re.findall(r"\bexamples/[\w.-]+", README)

    missing = [name for name in (*links, *named) if not (REPOSITORY / name).exists()]

    assert links
    assert named
    assert missing == []


def test_the_manual_lists_all_settings() -> None:
    """docs/settings.md has one row for each setting, one for the service's token, and no other."""
    manual = (REPOSITORY / "docs" / "settings.md").read_text("utf-8")

    listed = re.findall(r"^\| `(VERIFIER_\w+)` \|", manual, re.MULTILINE)

    settings = [f"VERIFIER_{field.name.upper()}" for field in fields(Settings)]
    assert sorted(listed) == sorted([*settings, SERVICE_TOKEN])
