"""Load scientific libraries in a zygote, so that they work in its guests.

In: the names of modules. Out: those that are installed are loaded. What they do at their first use,
and a guest may not, is done here.
"""

import contextlib
import sys
from typing import Any


def load(names: list[str]) -> None:
    """Load modules; leave out those that are not installed, which the program will notice."""
    for name in names:
        with contextlib.suppress(ImportError):
            __import__(name)
    if "numpy" in sys.modules:
        numpy: Any = sys.modules["numpy"]
        # As for `random`: all guests draw the same numbers, unless they choose another seed.
        numpy.random.seed(0)
    # scikit-learn finds its thread pools in /proc/self/maps, which guests may not read.
    parallel = sys.modules.get("sklearn.utils.parallel")
    find_pools = getattr(parallel, "_get_threadpool_controller", None)
    if find_pools is not None:
        find_pools()
