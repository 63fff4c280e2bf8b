"""Judgement: from a completion and its reference to a score.

The story, told once in `verifier.pipeline`:

    completion -> extraction -> Candidate ─┐
    reference  -> testplan   -> TestPlan  ─┴ programs -> Job -> (sandbox) -> Execution
                                                   verdict  <- checkers  <- ──┘
                                                   scoring  -> Score

A candidate never meets an expected answer: a `Job` has no field for one. Where the reference is
test code, `verifier.test_code.grading` asks what the tests would ask, has the candidate answer, and
marks the answers in an harness (`verifier.test_code.harness`), which the candidate never enters.

A score whose verdict is `UNGRADED` has no reward: it is None, which is no zero. `problem` says what
was in the way, and `is_outage` whether to try again.
"""
