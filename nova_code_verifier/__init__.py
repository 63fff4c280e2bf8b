"""nova-code-verifier: a reward function for code.

    >>> from nova_code_verifier import LocalExecutor, Sample, judge
    >>> sample = Sample(completion="...", reference={"inputs": ["1 2"], "outputs": ["3"]})
    >>> with LocalExecutor() as executor:
    ...     [score] = judge([sample], executor)

This module is the public API. Its names are loaded when they are first used: guests of the sandbox
import parts of this package, and must stay small.
"""

from importlib import import_module

TYPE_CHECKING = False  # not from typing: a zygote imports this module before it is confined
if TYPE_CHECKING:
    from nova_code_verifier.handlers.dataset_row import read_row
    from nova_code_verifier.sandbox.errors import IsolationRefusedError, SandboxError
    from nova_code_verifier.sandbox.host.local import LocalExecutor
    from nova_code_verifier.verifier.equal_work import ResultCache
    from nova_code_verifier.verifier.errors import VerifierError
    from nova_code_verifier.verifier.pipeline import GradedSample, grade, judge
    from nova_code_verifier.verifier.rubric import Rubric, RubricError
    from nova_code_verifier.verifier.rubric_file import read_rubric
    from nova_code_verifier.verifier.test_code.discovery import DiscoveryCache
    from nova_code_verifier.verifier.types import Sample, Score, Verdict

_MODULES = {
    "DiscoveryCache": "verifier.test_code.discovery",
    "GradedSample": "verifier.pipeline",
    "IsolationRefusedError": "sandbox.errors",
    "LocalExecutor": "sandbox.host.local",
    "ResultCache": "verifier.equal_work",
    "Rubric": "verifier.rubric",
    "RubricError": "verifier.rubric",
    "Sample": "verifier.types",
    "SandboxError": "sandbox.errors",
    "Score": "verifier.types",
    "Verdict": "verifier.types",
    "VerifierError": "verifier.errors",
    "grade": "verifier.pipeline",
    "judge": "verifier.pipeline",
    "read_row": "handlers.dataset_row",
    "read_rubric": "verifier.rubric_file",
}

__all__ = [
    "DiscoveryCache",
    "GradedSample",
    "IsolationRefusedError",
    "LocalExecutor",
    "ResultCache",
    "Rubric",
    "RubricError",
    "Sample",
    "SandboxError",
    "Score",
    "Verdict",
    "VerifierError",
    "grade",
    "judge",
    "read_row",
    "read_rubric",
]


def __getattr__(name: str) -> object:
    """Load a public name when it is first used (PEP 562)."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """List the public names."""
    return sorted(__all__)
