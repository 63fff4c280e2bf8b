"""Write rows of a dataset with tests as verl reads them: python prepare.py rows.jsonl

A row needs a `prompt`; its tests may have any form of docs/references.md. The whole row becomes the
ground truth, as JSON: a column of Arrow holds one type, and tests have many.
"""

import json
import sys

import pandas

with open(sys.argv[1], encoding="utf-8") as file:
    rows = [json.loads(line) for line in file]
pandas.DataFrame(
    {
        "data_source": "code",
        "prompt": [{"role": "user", "content": row["prompt"]}],
        "reward_model": {"style": "rule", "ground_truth": json.dumps(row)},
        "extra_info": {"index": index},
    }
    for index, row in enumerate(rows)
).to_parquet("train.parquet")
