"""What docs/trainers.md names."""

import ast
import re
from importlib import import_module
from pathlib import Path

import pytest

PAGE = Path("docs/trainers.md").read_text()
SNIPPETS = re.findall(r"^```python\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)


def test_names_of_the_adapters_exist() -> None:
    """A path in a snippet or a configuration leads to something, whatever the trainer imports."""
    paths = set(re.findall(r"nova_code_verifier\.(adapters\.\w+)[.:](\w+)\b", PAGE))
    paths |= {
        (module, name)
        for module, names in re.findall(r"from nova_code_verifier\.([\w.]+) import (.+)", PAGE)
        for name in names.split(", ")
    }

    assert {module for module, _ in paths} >= {"adapters.slime", "adapters.skyrl", "adapters.rllm"}
    for module, name in paths - {("adapters.nemo_gym", "CodeServer")}:  # only where Gym is
        assert hasattr(import_module(f"nova_code_verifier.{module}"), name), f"{module}.{name}"


@pytest.mark.parametrize(
    ("text", "printed"), [("compute_score", "{'score': 1.0, 'acc': 1.0, "), ("Rollout", "1.0 1.0 ")]
)
def test_snippets_that_need_no_trainer_run(
    text: str, printed: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """They print what the page says; those of the trainers run in `tests/trainers/`."""
    [snippet] = [one for one in SNIPPETS if text in one and "__main__" in one]

    exec(snippet, {"__name__": "__main__"})

    assert capsys.readouterr().out.startswith(printed)


def test_snippets_are_python() -> None:
    """Every snippet can be parsed."""
    for snippet in SNIPPETS:
        ast.parse(snippet)
