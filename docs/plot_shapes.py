"""Draw the reward by the share of passed test cases, for each shape.

`make picture` writes docs/shapes.svg.
"""

from fractions import Fraction
from pathlib import Path

import matplotlib.pyplot as plt

from nova_code_verifier.sandbox.types import Ending, Execution
from nova_code_verifier.verifier.rubric import Rubric, Shape
from nova_code_verifier.verifier.scoring.score import score_cases
from nova_code_verifier.verifier.types import Candidate, CaseResult, ExtractionMethod, Verdict

CASES, GUESSED = 20, 8
STYLES = {
    Shape.LINEAR: "-",
    Shape.POWER: "--",
    Shape.THRESHOLD: "-.",
    Shape.ALL_OR_NOTHING: ":",
}


def reward(passed: int, guessed: int, rubric: Rubric) -> float:
    """Return the reward of a well-formed program that passes *passed* of the cases."""
    verdicts = [Verdict.ACCEPTED] * passed + [Verdict.WRONG_ANSWER] * (CASES - passed)
    results = tuple(
        CaseResult(verdict=verdict, execution=Execution(ending=Ending.FINISHED))
        for verdict in verdicts
    )
    candidate = Candidate(program="", method=ExtractionMethod.TAGGED_FENCE)
    share = Fraction(guessed, CASES)
    score = score_cases(results, guessed=share, candidate=candidate, rubric=rubric)
    return score.reward


def main() -> None:
    """Draw the picture and write the file."""
    plt.rcParams["svg.hashsalt"] = "shapes"  # the same picture every time
    figure, axes = plt.subplots(figsize=(7, 4), layout="constrained")
    rates = [passed / CASES for passed in range(CASES + 1)]
    for shape, style in STYLES.items():
        rubric = Rubric(shape=shape)
        rewards = [reward(passed, GUESSED, rubric) for passed in range(CASES + 1)]
        axes.plot(rates, rewards, style, label=shape.replace("_", " "))
    plain = [reward(passed, 0, Rubric()) for passed in range(CASES + 1)]
    axes.plot(rates, plain, color="0.75", label="linear, nothing to guess")
    axes.axvline(GUESSED / CASES, color="0.6", linewidth=0.8)
    axes.annotate("a constant answer passes 40 %", (GUESSED / CASES + 0.01, 0.9), color="0.4")
    axes.set(xlabel="share of test cases passed", ylabel="reward", xlim=(0, 1), ylim=(0, 1.02))
    axes.legend(loc="upper left", frameon=False)
    figure.savefig(Path(__file__).with_name("shapes.svg"), metadata={"Date": None})


if __name__ == "__main__":
    main()
