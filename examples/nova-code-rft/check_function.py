"""Send the reference solutions of a converted data set to the deployed reward function.

    python check_function.py train.jsonl SageMaker-code-verifier

Each row is sent twice, as the trainer sends it: with its reference solution, and with a program that does nothing.
Prints the ids with an unexpected reward. Exit status 1: there is one.
"""

import json
import sys
from pathlib import Path

import boto3
from botocore.config import Config

SAMPLES_IN_A_CALL = 64


def samples_of(rows):
    """Return two samples for each row: right and wrong."""
    programs = {"right": lambda row: json.loads(row["reference_answer"])["solution"], "wrong": lambda _: "pass"}
    return [
        {
            **row,
            "id": f"{row['id']} {name}",
            "messages": [
                *row["messages"],
                {"role": "assistant", "content": f"Here is the program.\n\n```python\n{program(row)}\n```"},
            ],
        }
        for row in rows
        for name, program in programs.items()
    ]


def unexpected(answers):
    """Yield the answers whose reward is not that of a right or wrong program."""
    for answer in answers:
        is_right = answer["id"].endswith(" right")
        if (answer["aggregate_reward_score"] == 1) != is_right:
            yield f"{answer['id']}: {answer['aggregate_reward_score']}"


def main(path, function):
    """Return the exit status."""
    samples = samples_of([json.loads(line) for line in Path(path).read_text("utf-8").splitlines()])
    client = boto3.client("lambda", config=Config(read_timeout=900))
    answers = []
    for start in range(0, len(samples), SAMPLES_IN_A_CALL):
        payload = json.dumps(samples[start : start + SAMPLES_IN_A_CALL])
        response = client.invoke(FunctionName=function, Payload=payload)
        answer = json.loads(response["Payload"].read())
        if "FunctionError" in response:
            sys.exit(f"the function failed: {answer}")
        answers += answer
    problems = [*unexpected(answers)]
    print(*problems, f"{len(answers)} samples, {len(problems)} unexpected rewards", sep="\n")
    return 1 if problems or len(answers) != len(samples) else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
