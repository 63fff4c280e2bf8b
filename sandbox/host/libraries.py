"""Scientific libraries, which a second kind of zygote loads before it forks guests.

In: a program and its first question, and what the kernel granted. Out: the modules that the guests
of the program should find loaded. A plain zygote has none, so that it stays small: each megabyte
that a zygote holds makes every fork slower.

Their text alone decides, so a candidate can choose among the fixed lists here. That changes how
long its imports take, and nothing else.
"""

from collections.abc import Mapping
from functools import cache
from importlib.util import find_spec

from nova_code_verifier.sandbox.types import Call, Question, Session

_NUMPY = ("numpy",)
# Those that the programs and tests of data sets import most, with what they load later.
_SCIENTIFIC = (
    "numpy", "pandas", "scipy.stats", "sklearn.linear_model", "sklearn.metrics",
    "sklearn.model_selection", "sklearn.preprocessing", "matplotlib.pyplot",
)  # fmt: skip
_NAMES = ("pandas", "scipy", "sklearn", "matplotlib", "seaborn")


def libraries_for(
    program: str, question: Question, granted: Mapping[str, object]
) -> tuple[str, ...]:
    """Return the modules that a zygote for *program* loads; none if they are not installed.

    A *question* may hold another program: a harness, or an argument that shares its process.
    Libraries bring ctypes and other native code, against which only the kernel can protect.
    Where an audit hook has to guard files, guests cannot load them at all.
    """
    arguments = question.arguments if isinstance(question, Call) else ()
    harness = question.harness if isinstance(question, Session) else ""
    texts = (program, harness, *(text for text in arguments if isinstance(text, str)))
    is_for_all = any(name in text for name in _NAMES for text in texts)
    if not (is_for_all or any("numpy" in text for text in texts)) or not _are_installed():
        return ()
    if granted["level"] != "none" and not granted.get("landlock"):
        return ()
    return _SCIENTIFIC if is_for_all else _NUMPY


@cache
def _are_installed() -> bool:
    return find_spec("numpy") is not None
