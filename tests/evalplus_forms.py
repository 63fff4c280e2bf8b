"""Tests in the forms of HumanEval+ and MBPP+: a loop over inputs and results, and a helper.

EvalPlus writes these (`tools/humaneval/to_original_fmt.py`, `tools/mbpp/to_original_fmt.py`). The
helpers do what its helpers do.
"""

_IS_FLOATS = """
def is_floats(x) -> bool:
    if isinstance(x, float):
        return True
    if isinstance(x, (list, tuple)){and_x}:
        return all(isinstance(i, float) for i in x)
    if isinstance(x, np.ndarray):
        return x.dtype == np.float64 or x.dtype == np.float32
    return False
"""
_EXACT = """
def assertion(out, exp, atol):
    exact_match = out == exp

    if atol == 0 and is_floats(exp):
        atol = 1e-6
    if not exact_match and atol != 0:
        {close}
    else:
        assert exact_match{message}
"""
_AS_SETS = """
def assertion(out, exp, atol):
    if atol == 0 and is_floats(exp):
        atol = 1e-6
    out = set(out)
    exp = set(exp)
    if out != exp and atol != 0:
        assert np.allclose(out, exp, rtol=1e-07, atol=atol)
    else:
        assert out == exp, f"out: {out}, exp: {exp}"
"""
_CLOSE = "assert np.allclose(out, exp, rtol=1e-07, atol=atol)"
_MESSAGE = ', f"out: {out}, exp: {exp}"'
_NUMPY = "import numpy as np\n"
HELPERS = {
    "humaneval+": _NUMPY + _IS_FLOATS.format(and_x="") + _EXACT.format(close=_CLOSE, message=""),
    "mbpp+": _NUMPY + _IS_FLOATS.format(and_x=" and x")
    + _EXACT.format(close=_CLOSE, message=_MESSAGE),
    "older": _NUMPY + _IS_FLOATS.format(and_x="")
    + _EXACT.format(close="np.testing.assert_allclose(out, exp, atol=atol)", message=""),
    "as sets": _NUMPY + _IS_FLOATS.format(and_x=" and x") + _AS_SETS,
}  # fmt: skip
"""The functions `is_floats` and `assertion`, with their imports."""


def humaneval_plus(inputs: object, results: object, atol: float = 0) -> str:
    """Return the `test` of a row of HumanEval+."""
    return f"""

{HELPERS["humaneval+"]}

def check(candidate):
    inputs = {inputs!r}
    results = {results!r}
    for i, (inp, exp) in enumerate(zip(inputs, results)):
        assertion(candidate(*inp), exp, {atol})
"""


def mbpp_plus(
    function: str, inputs: object, results: object, atol: float = 0, helper: str = "mbpp+"
) -> str:
    """Return the `test` of a row of MBPP+."""
    return f"""import numpy as np
from math import inf

{HELPERS[helper]}

inputs = {inputs!r}
results = {results!r}
for i, (inp, exp) in enumerate(zip(inputs, results)):
    assertion({function}(*inp), exp, {atol})
"""
