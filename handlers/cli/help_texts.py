r"""What the commands say of themselves, with `--help`.

A line of `\b` keeps the paragraph below it as it is written.
"""

VERIFIER = """\
Score programs that language models wrote, by running them against tests in a sandbox.

\b
  verifier score samples.jsonl --table
  verifier explain samples.jsonl --id s1
"""

SCORE = """\
Score a file of samples, one JSON object a line, as the reward function gets them.

\b
A line of input:
  {"id": "s1", "messages": [{"role": "assistant", "content": "```python\\nprint(2 * int(input()))\\n```"}], "reference_answer": [{"input": "4", "output": "8"}]}
\b
Its line of output:
  {"id": "s1", "aggregate_reward_score": 1.0, "metrics_list": [{"name": "correctness", "value": 1.0, "type": "Reward"}, ...]}
\b
Examples:
  verifier score samples.jsonl --out rows.jsonl
  zcat samples.jsonl.gz | verifier score - --table
  verifier score samples.jsonl --docker nova-code-verifier:built-here    (see docker-check)

Rows keep the order of the lines. A line that is broken, or whose reference is, costs its own
row only: its metric `ungraded` is 1.

\b
Exit status:
  0  every sample got its row
  1  the sandbox could not start, or samples could not be graded through our own fault
  2  bad usage, or a file or a setting that cannot be used
"""  # noqa: E501  (to be copied from the screen as it stands)

EXPLAIN = """\
Tell how one sample of a file came by its reward: what was found in the completion, what each test
case expected and came to (or each opinion, and how like it the answered one is), and the formula
with its numbers.

It shows what was expected: it is for who owns the dataset.
"""

JUDGE_CHECK = """\
Find out how far the judge (a model of Amazon Bedrock, see docs/rubric.md) can be trusted.

\b
A line of input; id and human_score (on any scale) may be left out:
  {"id": "r1", "response": "It is 4.", "reference": "Four.", "human_score": 5}
\b
What is found out:
  consistency   whether the same texts get the same score every time
  agreement     whether it puts them in the order of the human scores (Spearman, -1 to 1)
  distribution  how many scores there are in each tenth
  failures      what was in the way of a score, by kind
\b
Examples:
  verifier judge-check examples/judge.jsonl --model us.amazon.nova-pro-v1:0
  VERIFIER_JUDGE_PROMPT=prompt.txt verifier judge-check rows.jsonl --repeat 5 --json

Every row is a paid call, as often as --repeat says. Credentials and region are those that boto3
finds. The other VERIFIER_JUDGE_ settings count as they do for the reward function.

\b
Exit status:
  0  there are scores to speak of
  1  not one row could be judged
  2  bad usage, or a file or a setting that cannot be used
"""

LINT_ROWS = """\
Check rows, ours or another reward function's, for all that a trainer could trip over: shape, ids,
order, count, numbers, ranges, names, characters, sizes.

\b
Reads rows one a line, as one JSON list, or in an HTTP envelope:
  {"id": "s1", "aggregate_reward_score": 1.0, "metrics_list": [{"name": "correctness", "value": 1.0, "type": "Reward"}]}
\b
Examples:
  verifier lint-rows rows.jsonl --samples samples.jsonl
  verifier lint-rows response.json --range -1 1
\b
Prints a line for every finding: where, what was found, what is expected.
  line 3: aggregate_reward_score: found NaN, expected a number that is finite, in a double too

Without --samples, ids are only checked for doubles. A list or an envelope has to fit into one
response of a Lambda function; of rows one a line, each has to.

\b
Exit status:
  0  nothing was found
  1  something was
  2  bad usage, or a file that cannot be used
"""  # noqa: E501  (as it comes out)

DOCTOR = """\
Start the sandbox as it is configured, and say what it is made of here.

\b
Levels of isolation, the strongest first:
  kernel       the kernel refuses what a guest may not do
  interpreter  Python refuses; stops everything short of memory corruption
  none         nothing is refused; has to be asked for by name
\b
Settings:
  VERIFIER_ISOLATION           the level to use (auto: the strongest that is granted)
  VERIFIER_REQUIRED_ISOLATION  the weakest level that will do (the one above, or interpreter)
  VERIFIER_WORKERS               how many guests run at once (one per processor, one to spare)

The exit status is 0 if the level is at least the required one, 1 if not.
"""

DOCKER_CHECK = """\
Build the Lambda's image, score a file in it and on this machine, and compare the rows.

The image runs in a container without a network, on a read-only root, without capabilities, as an
unprivileged user, with bounds on memory and processes. Needs a container engine (DOCKER_HOST says
where, if it is not the default one) and the docker SDK: pip install 'nova-code-verifier[docker]'.

\b
Examples, in a clone of the repository:
  verifier docker-check examples/completions.jsonl
  verifier docker-check samples.jsonl --image nova-code-verifier:latest

\b
Exit status:
  0  every row is the same, but for its duration
  1  rows differ, or there is no engine, or no image
  2  bad usage, or a file that cannot be used
"""
