"""Fuzz what reads the references of datasets: real rows in which parts are replaced.

In: bytes that atheris generates. Out: nothing, or an exception that must not be, with the bytes
that caused it: a reference is read, or refused by name. `make fuzz` runs this.
"""

import copy
import sys
from pathlib import Path
from typing import Any

import atheris  # type: ignore[import-untyped]  # no part of our environments

sys.path.insert(0, str(Path(__file__).parents[2]))
from tests.dataset_rows import ROWS, reference_of
from tests.fuzz.shapes import make_tree

with atheris.instrument_imports(include=["nova_code_verifier.verifier"]):
    from nova_code_verifier.verifier.pipeline import prepare
    from nova_code_verifier.verifier.types import Sample

_COMPLETION = "```python\ndef f(x):\n    return x\n```"
_REFERENCES = [reference_of(fixture) for fixture in ROWS]
_TEXT = """
    tests kind code stdio call cases input inputs output outputs expected arguments entry_point
    fn_name test test_list test_setup_code test_imports checker checker_program limits cpu_seconds
    time_limit memory_limit memory_mb language prelude prompt style modules shared_process pytest
    unittest script groups points abs_tol rel_tol tokens float exact unordered public_tests
    private_tests input_output generated_tests source difficulty name is_large starter_code
    test_cases ground_truth type solution solve main def assert return [] {} 1.5 1e400 nan -1 2s
"""
_WORDS = _TEXT.split()


def _changed(some: Any, value: Any) -> Any:
    """Replace a part of a value, or its beginning, or one of its parts at the same place."""
    is_leaf = not isinstance(value, (dict, list)) or not value
    if is_leaf or some.ConsumeIntInRange(0, 3) == 0:
        if isinstance(value, str) and some.ConsumeBool():
            place = some.ConsumeIntInRange(0, len(value))
            return value[:place] + some.PickValueInList(_WORDS) + value[place + 1 :]
        return make_tree(some, _WORDS, _WORDS, 2)
    changed = copy.copy(value)
    if isinstance(changed, list):
        index = some.ConsumeIntInRange(0, len(changed) - 1)
        changed[index] = _changed(some, changed[index])
        return changed
    key = some.PickValueInList(list(changed))
    match some.ConsumeIntInRange(0, 7):
        case 0:
            del changed[key]
        case 1:
            changed[some.PickValueInList(_WORDS)] = changed.pop(key)
        case 2:
            changed[some.PickValueInList(_WORDS)] = make_tree(some, _WORDS, _WORDS, 2)
        case _:
            changed[key] = _changed(some, changed[key])
    return changed


def fuzz_one(data: bytes) -> None:
    """Read a row with some parts replaced, or a tree that is made from the input."""
    some: Any = atheris.FuzzedDataProvider(data)
    if some.ConsumeIntInRange(0, 4) == 0:
        reference = make_tree(some, _WORDS, _WORDS)
    else:
        reference = some.PickValueInList(_REFERENCES)
        for _ in range(some.ConsumeIntInRange(1, 3)):
            reference = _changed(some, reference)
    prepared = prepare(Sample(completion=_COMPLETION, reference=reference))
    assert prepared.problem or prepared.is_runnable or prepared.sentiment is not None


if __name__ == "__main__":
    atheris.Setup(sys.argv, fuzz_one)
    atheris.Fuzz()
