"""Grade completions: from a completion and its reference to a score.

    completion ─► completion/ ─► Candidate ─┐
    reference  ─► reference/  ─► TestPlan  ─┴► jobs ─► Job ─► (sandbox) ─► Execution
                                                                              │
    Score ◄─ scoring/ ◄─ Verdict ◄─ checking/ ◄───────────────────────────────┘

`pipeline.py` holds this sequence. Its inputs and outputs are plain values: this package starts no
process, reads no file and no clock, and writes no log. A candidate never meets an expected answer,
because a `Job` has no field for one. If the reference is test code, `test_code/` runs it in a
harness, a guest beside the candidate's that never holds candidate code. Sentiment answers
(`sentiment/`) need no sandbox.
"""
