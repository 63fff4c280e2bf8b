"""Scientific libraries work in guests, where they are installed."""

from collections.abc import Iterator

import pytest

from nova_code_verifier import Sample, judge
from nova_code_verifier.sandbox.errors import IsolationRefusedError
from nova_code_verifier.sandbox.host.local import LocalExecutor
from nova_code_verifier.sandbox.types import IsolationLevel
from nova_code_verifier.verifier.types import Score, Verdict

for _name in ("numpy", "pandas", "scipy", "sklearn", "matplotlib", "seaborn"):
    pytest.importorskip(_name, reason="pip install nova-code-verifier[scientific]")


@pytest.fixture(scope="module")
def executor() -> Iterator[LocalExecutor]:
    """Keep one worker of each kind warm, with the strongest isolation."""
    try:
        with LocalExecutor(workers=1, level=IsolationLevel.KERNEL) as executor:
            if not executor.granted["landlock"]:
                pytest.skip("this kernel has no Landlock")
            yield executor
    except IsolationRefusedError as refusal:
        pytest.skip(str(refusal))


def score(executor: LocalExecutor, program: str, test: str, **row: object) -> Score:
    """Score one program with the test code of a row."""
    reference = {"test": test, "entry_point": "f", **row}
    (found,) = judge(
        [Sample(completion=f"```python\n{program}\n```", reference=reference)], executor
    )
    return found


PROGRAMS = {
    "numpy": (
        """
import numpy as np
def f(n):
    a = np.arange(n * n, dtype=float).reshape(n, n) + np.eye(n)
    return float(np.linalg.det(np.linalg.inv(a) @ a)), np.linalg.svd(a)[1].shape[0]
""",
        "assert abs(f(3)[0] - 1) < 1e-6\nassert f(4)[1] == 4",
    ),
    "pandas": (
        """
import pandas as pd
def f(rows):
    pd.DataFrame(rows, columns=["a", "b"]).to_csv("x.csv")
    return pd.read_csv("x.csv").groupby("a").b.sum().to_dict()
""",
        "assert f([(1, 2), (1, 3), (2, 4)]) == {1: 5, 2: 4}",
    ),
    "scipy": (
        """
from scipy import optimize, stats
def f(n):
    return float(stats.norm.cdf(0)), round(float(optimize.brentq(lambda x: x - n, 0, 9)), 6)
""",
        "assert f(3) == (0.5, 3.0)",
    ),
    "sklearn": (
        """
from sklearn.cluster import KMeans
from sklearn.ensemble import RandomForestClassifier
def f(n):
    points = [[0.0], [0.1], [5.0], [5.1]]
    groups = KMeans(n_clusters=2, n_init=2, random_state=0).fit(points).labels_
    forest = RandomForestClassifier(n, n_jobs=-1, random_state=0).fit(points, groups)
    return len(set(groups.tolist())), forest.predict(points).tolist() == groups.tolist()
""",
        "assert f(3) == (2, True)",
    ),
    "matplotlib": (
        """
import matplotlib.pyplot as plt
def f(n):
    figure, axes = plt.subplots()
    axes.plot(range(n))
    axes.set_title("line")
    figure.savefig("line.png")
    plt.show()
    return axes.get_title(), len(axes.lines[0].get_xdata())
""",
        "assert f(3) == ('line', 3)",
    ),
    "seaborn": (
        """
import pandas as pd, seaborn as sns
def f(n):
    return sns.histplot(pd.DataFrame({"x": range(n)}), x="x").get_xlabel()
""",
        "assert f(9) == 'x'",
    ),
}


@pytest.mark.parametrize("shared", [False, True], ids=["apart", "shared"])
@pytest.mark.parametrize(("program", "test"), PROGRAMS.values(), ids=PROGRAMS)
def test_a_program_may_use_a_library(
    executor: LocalExecutor, program: str, test: str, *, shared: bool
) -> None:
    """It computes, reads and writes files, and draws, in one thread."""
    found = score(executor, program, test, shared_process=shared)

    assert (found.verdict, found.problem) == (Verdict.ACCEPTED, "")


def test_tests_may_use_numpy(executor: LocalExecutor) -> None:
    """So those of HumanEval+ do, for programs that do not."""
    test = "import numpy as np\ndef check(f):\n    assert np.allclose(f(3), [0, 1 / 3, 2 / 3])"

    right = score(executor, "def f(n): return [x / 3 for x in range(n)]", test)
    wrong = score(executor, "def f(n): return [x / 2 for x in range(n)]", test)

    assert (right.verdict, wrong.verdict) == (Verdict.ACCEPTED, Verdict.WRONG_ANSWER)


def test_numbers_drawn_from_numpy_repeat(executor: LocalExecutor) -> None:
    """The same program gets the same reward: numpy's own state is that of a known seed."""
    test = "import numpy as np\nassert f(0) == float(np.random.RandomState(0).rand())"

    found = score(executor, "import numpy as np\ndef f(n): return float(np.random.rand())", test)

    assert found.verdict == Verdict.ACCEPTED


def test_native_code_that_the_sandbox_refuses_is_named() -> None:
    """Where only an audit hook guards files, tests that need numpy are ungraded."""
    with LocalExecutor(workers=1, level=IsolationLevel.INTERPRETER) as executor:
        found = score(executor, "def f(n): return n", "import numpy\nassert f(3) == 3")

    assert found.verdict == Verdict.UNGRADED
    assert "import numpy, which needs isolation level kernel" in found.problem
