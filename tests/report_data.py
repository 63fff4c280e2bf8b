"""Make the data of a report page, and fill the page in, as handlers/report_page/README.md defines.

In: how many samples, a seed. Out: columns and details of synthetic samples of one or two runs, in
prompt groups, over training steps. A few of the samples carry hostile texts and ids.
"""

import gzip
import hashlib
import json
import random
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

TEMPLATE = Path(__file__).parent.parent / "handlers" / "report_page" / "page.html"
MARKER = "<!--report-data-->"
CHUNK_SAMPLES = 100

VERDICTS = (
    "accepted",
    "wrong_answer",
    "runtime_error",
    "time_limit_exceeded",
    "memory_limit_exceeded",
    "output_limit_exceeded",
    "compile_error",
    "no_entry_point",
    "security_violation",
    "no_candidate",
    "ungraded",
)
FAILURES = ("none", "data", "infrastructure", "time")
SOURCES = ("livecodebench", "mbpp", "taco", "codeforces")
REASONS = (
    "test case: other output",
    "IndexError: list index out of range",
    "TypeError: unsupported operand type(s)",
    "time limit exceeded",
    "memory limit exceeded",
    "SyntaxError: invalid syntax",
    "defines no function of the expected name",
    "reached for the network",
    "no program in the completion",
    "outputs: expected as many as inputs",
)
_REASON_OF = {
    "wrong_answer": 0,
    "time_limit_exceeded": 3,
    "memory_limit_exceeded": 4,
    "compile_error": 5,
    "no_entry_point": 6,
    "security_violation": 7,
    "no_candidate": 8,
    "ungraded": 9,
}
_PROMPTS = (
    "Count the pairs of numbers whose sum is the target",
    "Return the length of the longest increasing run",
    "Find the smallest window that holds all letters",
    "Say whether the brackets are balanced",
    "Merge the intervals that overlap",
    "Print the number of islands in the grid",
    "Return the k-th smallest value of two sorted lists",
    "Simulate the queue, and print its final order",
    "Find the cheapest route with at most k stops",
    "Decode the run-length encoded text",
)
WEIGHTS = {"correctness": 0.8, "compile": 0.1, "format": 0.1}
COLUMNS = (
    *("id", "reward", "verdict", "failure", "group", "source", "reason"),
    *("correctness", "compile", "format", "safety", "conciseness", "similarity"),
    *("tests_passed", "tests_total", "guess_baseline", "duration_ms", "completion_length"),
    *("reruns", "self_compared", "no_completion", "security_violation", "shared_process"),
    *("constant_like", "program_key", "step", "time"),
)

HOSTILE_TEXTS = (
    "<script>window.hacked = 1; alert(1)</script>",
    "</script><script>window.hacked = 2</script>",
    "<!--<script>",
    "--><img src=x onerror='window.hacked = 3'>",
    "<style>*{display:none}</style><base href='http://hacked.invalid/'>",
    "<svg onload='window.hacked = 4'><iframe src='javascript:alert(1)'></iframe>",
    "javascript:alert(1)",
    "line\u2028separator\u2029paragraph",
    "lone \ud800 surrogate \udfff",
    "null \x00 byte, escape \x1b[31mred\x1b[0m, bell \x07, delete \x7f, C1 \x9b",
    "bidi \u202eesrever\u202c and \u2066isolate\u2069, zero\u200bwidth, \ufeffmark",
    "__proto__",
    "constructor",
    "${window.hacked = 5}{{window.hacked = 6}}",
    "e" + "\u0301" * 200,
)
HOSTILE_IDS: tuple[object, ...] = (
    {"__proto__": {"hacked": 7}, "constructor": {"prototype": {"hacked": 8}}},
    ["<b>", None, {"toString": 1}],
    "__proto__",
    True,
    10**30,
    "",
    "<img src=x onerror='window.hacked = 9'>",
    {"type": "script", "props": {"dangerouslySetInnerHTML": {"__html": "<b>hacked</b>"}}},
)

_RIGHT = '''def solve(numbers: list[int], target: int) -> int:
    """Count the pairs of *numbers* whose sum is *target*."""
    seen: dict[int, int] = {}
    pairs = 0
    for number in numbers:
        pairs += seen.get(target - number, 0)
        seen[number] = seen.get(number, 0) + 1
    return pairs  # each pair once
'''
_WRONG = _RIGHT.replace("pairs += seen.get(target - number, 0)", "pairs += target - number in seen")
_CONSTANT = "def solve(numbers, target):\n    return 0\n"
_VIOLATION = (
    "import socket\n\ndef solve(numbers, target):\n    socket.create_connection(('10.0.0.1', 80))\n"
)


@dataclass(slots=True)
class Run:
    """The samples of one run: columns by name, and the details of each sample."""

    name: str
    columns: dict[str, list[object]] = field(default_factory=dict)
    details: list[dict[str, object] | None] = field(default_factory=list)


def example_run(
    count: int,
    *,
    seed: int = 1,
    name: str = "rows.jsonl",
    group_samples: int = 8,
    steps: int = 20,
    skill: float = 0.0,
    hostile: bool = False,
    evidence: bool = True,
) -> Run:
    """Return a run of *count* samples in prompt groups of *group_samples*, over so many *steps*.

    *skill* makes more of the programs right. In the last third of the steps, constant answers and
    violations become frequent while the reward rises. With *hostile*, the first samples have the
    hostile ids and texts. *evidence* adds programs and test cases.
    """
    chance = random.Random(seed)
    run = Run(name=name, columns={column: [] for column in COLUMNS})
    for index in range(count):
        group = index // group_samples
        step = min(steps - 1, index * steps // count)
        verdict = _verdict(chance, group, step / max(1, steps - 1), skill)
        row = _row(chance, index, group, step, verdict)
        details = _details(chance, row, verdict) if evidence else None
        if hostile:
            _make_hostile(row, details, index)
        for column in COLUMNS:
            run.columns[column].append(row[column])
        run.details.append(details)
    return run


def _verdict(chance: random.Random, group: int, progress: float, skill: float) -> str:
    """Choose a verdict: some groups are too easy, too hard or broken, the others are mixed."""
    match random.Random(group).randrange(20):
        case 0 | 1:
            return "accepted"
        case 2:
            return "wrong_answer"
        case 3:
            return "ungraded" if group % 3 == 0 else "wrong_answer"
    late = max(0.0, progress - 0.65)
    right = 0.3 + 0.5 * progress + skill
    violations = 0.005 + 0.5 * late
    others = max(0.0, 1 - right - violations)
    weights = {
        "accepted": right,
        "wrong_answer": 0.5 * others,
        "runtime_error": 0.2 * others,
        "time_limit_exceeded": 0.1 * others,
        "compile_error": 0.08 * others * (1 - progress),
        "no_entry_point": 0.03 * others,
        "memory_limit_exceeded": 0.02 * others,
        "output_limit_exceeded": 0.01 * others,
        "no_candidate": 0.05 * others,
        "security_violation": violations,
    }
    return chance.choices(list(weights), list(weights.values()))[0]


def _row(
    chance: random.Random, index: int, group: int, step: int, verdict: str
) -> dict[str, object]:
    """Return the columns of one sample. The numbers fit together as those of a real row do."""
    total = random.Random(group).choice([1, 4, 9, 20])
    guessed = round(0.25 * total) / total if total > 1 else 0.0
    loads = verdict not in ("compile_error", "no_candidate", "no_entry_point", "ungraded")
    passed = 0
    if verdict == "accepted":
        passed = total
    elif loads:
        passed = chance.randrange(total)
    compiles = {"compile_error": 0.2, "no_candidate": 0.0, "no_entry_point": 0.6}.get(verdict, 1.0)
    if verdict == "runtime_error":
        compiles = 0.8 + 0.2 * passed / total
    form = chance.choice([1.0, 1.0, 1.0, 0.75, 0.5]) if verdict != "no_candidate" else 0.0
    if _is_uniform(group):
        form, passed = 1.0, passed if verdict == "accepted" else 0
    share = max(0.0, passed / total - guessed) / (1 - guessed)
    reward: float | None = 0.8 * share + 0.1 * compiles + 0.1 * form
    if verdict in ("security_violation", "no_candidate"):
        reward = 0.0
    graded = verdict != "ungraded"
    constant = verdict == "wrong_answer" and chance.random() < 0.02 + 0.05 * max(0, step - 12)
    reason = _REASON_OF.get(verdict)
    if verdict == "runtime_error":
        reason = chance.choice([1, 2])
    slow = verdict == "time_limit_exceeded"
    program = _program_of(verdict, constant=constant)
    return {
        "id": f"task-{group}/{index % 8}",
        "reward": reward if graded else None,
        "verdict": VERDICTS.index(verdict),
        "failure": FAILURES.index("none" if graded else "data"),
        "group": group,
        "source": group % len(SOURCES),
        "reason": reason,
        "correctness": share if graded else None,
        "compile": compiles if graded else None,
        "format": form if graded else None,
        "safety": 0.0 if verdict == "security_violation" else 1.0,
        "conciseness": round(chance.uniform(0.6, 1.0), 3),
        "similarity": None,
        "tests_passed": passed if graded else 0,
        "tests_total": total if graded else 0,
        "guess_baseline": guessed,
        "duration_ms": round(chance.lognormvariate(3, 1) + 10_000 * slow, 3),
        "completion_length": int(chance.lognormvariate(6.5, 0.5)),
        "reruns": int(slow),
        "self_compared": 0,
        "no_completion": 0,
        "security_violation": int(verdict == "security_violation"),
        "shared_process": 0,
        "constant_like": int(constant),
        "program_key": hashlib.sha256(program.encode()).hexdigest()[:12] if loads else None,
        "step": step,
        "time": 1_760_000_000 + 30 * index,
    }


def _prompt(group: object) -> str:
    return f"{_PROMPTS[int(str(group)) % len(_PROMPTS)]} (problem {group})"


def _is_uniform(group: int) -> bool:
    """Say whether the samples of a group are all alike: see `_verdict`."""
    return random.Random(group).randrange(20) < 4


def _program_of(verdict: str, *, constant: bool = False) -> str:
    if verdict == "accepted":
        return _RIGHT
    if verdict == "security_violation":
        return _VIOLATION
    return _CONSTANT if constant else f"{_WRONG}# {verdict}\n"


def _details(chance: random.Random, row: dict[str, object], verdict: str) -> dict[str, object]:
    passed, total, reward = row["tests_passed"], row["tests_total"], row["reward"]
    assert isinstance(passed, int)
    assert isinstance(total, int)
    program = _program_of(verdict, constant=row["constant_like"] == 1)
    cases = [
        _case(chance, number, verdict if number >= passed else "accepted")
        for number in range(total)
    ]
    values = {name: row[name] for name in WEIGHTS}
    graded = {name: value for name, value in values.items() if isinstance(value, float)}
    terms = " + ".join(f"{WEIGHTS[name]} x {value:.4g} {name}" for name, value in graded.items())
    return {
        "verdict": verdict,
        "problem": REASONS[9] if verdict == "ungraded" else "",
        "failure": "data" if verdict == "ungraded" else "none",
        "is_outage": False,
        "remark": "" if verdict == "accepted" else f"test case {passed + 1}: {verdict}",
        "tests_passed": passed,
        "tests_total": total,
        "has_completion": True,
        "extraction_method": "tagged_fence",
        "extraction_detail": "",
        "source": "call",
        "notes": [],
        "findings": ["line 1: socket reaches for the network (severe)"]
        * (verdict == "security_violation"),
        "format_issues": ["several_blocks"] if row["format"] == 0.75 else [],
        "weights": WEIGHTS,
        "prelude": "",
        "program": program,
        "program_bytes": len(program.encode()),
        "cases": cases,
        "prompt": f"{_prompt(row['group'])}\n\nWrite a function `solve(numbers, target)`.",
        "completion": f"Each pair is counted once.\n\n```python\n{program}```\n",
        "formula": [f"reward = {terms} = {reward:.4g}"] if isinstance(reward, float) else [],
    }


def _case(chance: random.Random, number: int, verdict: str) -> dict[str, object]:
    numbers = [chance.randrange(-9, 10) for _ in range(6)]
    expected, observed = "3\n4 5\nYES\n", "3\n4 6\nYES\n"
    raised = verdict == "runtime_error"
    error = "IndexError: list index out of range" if raised else None
    given = f"solve({numbers}, {number})"
    return {
        "name": "",
        "verdict": verdict,
        "ending": "raised" if raised else "finished",
        "detail": "",
        "exit_status": None,
        "signal": None,
        "parts": 1,
        "share": float(verdict == "accepted"),
        "error": error,
        "cpu_seconds": 0.0012,
        "wall_seconds": 0.0031,
        "memory_mb": 11.1,
        "stdout": "",
        "stderr": f'Traceback (most recent call last):\n  File "solution.py", line 5\n{error}\n'
        if raised
        else "",
        "input": given,
        "input_bytes": len(given),
        "expected": expected,
        "expected_bytes": len(expected),
        "observed": expected if verdict == "accepted" else None if raised else observed,
        "observed_bytes": None if raised else len(expected),
    }


def _make_hostile(row: dict[str, object], details: dict[str, object] | None, index: int) -> None:
    if index < len(HOSTILE_IDS):
        row["id"] = HOSTILE_IDS[index]
    elif index == len(HOSTILE_IDS):
        row["id"] = "i" * 1_000_000
    if details is None or index >= len(HOSTILE_TEXTS):
        return
    text = HOSTILE_TEXTS[index]
    long_line = text + "x" * 1_000_000 if index == 0 else text
    for name in ("problem", "remark", "prompt", "completion", "program", "prelude"):
        details[name] = long_line
    for name in ("findings", "format_issues", "notes", "formula"):
        details[name] = [text]
    details["weights"] = {"__proto__": 1, text: "not a number", "correctness": 0.8}
    details[text] = text
    case: dict[str, object] = dict.fromkeys(_case(random.Random(0), 0, "accepted"), text)
    details["cases"] = [case, case | {"observed": long_line}, None, text, {"__proto__": text}]


def example_meta(
    runs: Sequence[Run], *, hostile: bool = False, **changes: object
) -> dict[str, object]:
    """Return the `meta` of a page with these runs. *changes* replace keys."""
    group_count = max(int(str(group)) for run in runs for group in run.columns["group"]) + 1
    groups = [
        {
            "key": str(1000 + group),
            "label": _prompt(group),
        }
        for group in range(group_count)
    ]
    reasons = list(REASONS)
    if hostile:
        for group, text in zip(groups, HOSTILE_TEXTS, strict=False):
            group["label"] = group["key"] = text
        reasons[0] = HOSTILE_TEXTS[0]
    return {
        "format": 1,
        "kind": "compare" if len(runs) > 1 else "run",
        "title": HOSTILE_TEXTS[1] if hostile else "Qwen3-4B, GRPO on four data sets",
        "notes": [HOSTILE_TEXTS[3]] if hostile else [],
        "verifier_version": "0.1.0",
        "semantics_version": 2,
        "runs": [
            {
                "name": run.name,
                "count": len(run.details),
                "kept": len(run.details),
                "ungraded_reward": 0.0,
            }
            for run in runs
        ],
        "reward_range": [0, 1],
        "weights": WEIGHTS,
        "verdicts": VERDICTS,
        "failures": FAILURES,
        "sources": list(SOURCES) if not hostile else [HOSTILE_TEXTS[5], *SOURCES[1:]],
        "reasons": reasons,
        "groups": groups,
    } | changes


def fill_page(template: str, meta: Mapping[str, object], runs: Sequence[Run]) -> str:
    """Return the page *template* with the blocks of *meta* and *runs* in it."""
    head, tail = template.split(MARKER)
    blocks = [_block("meta", "application/json", json.dumps(meta).replace("<", "\\u003c"))]
    for number, run in enumerate(runs):
        blocks.append(_block(f"columns-{number}", "text/plain", _packed(run.columns)))
        for start in range(0, len(run.details), CHUNK_SAMPLES):
            chunk = run.details[start : start + CHUNK_SAMPLES]
            name = f"details-{number}-{start // CHUNK_SAMPLES}"
            blocks.append(_block(name, "text/plain", _packed(chunk)))
    return head + "\n".join(blocks) + tail


def _block(name: str, kind: str, text: str) -> str:
    return f'<script type="{kind}" id="{name}">{text}</script>'


def _packed(value: object) -> str:
    return b64encode(
        gzip.compress(json.dumps(value, allow_nan=False).encode("ascii"), mtime=0)
    ).decode()
