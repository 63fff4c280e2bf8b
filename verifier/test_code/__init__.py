"""Judge a candidate by test code: asserts, `check`, pytest, unittest. The trusted side.

    grading       the three steps: discover the test items, run them beside candidates, conclude
      discovery   runs tests without a candidate, and keeps what it finds
      jobs        makes jobs of tests and candidates, and runs them
      plain/      judges plain asserts without a process for the tests
      protocol    what a harness reports
    harness/      runs in the guest that holds the tests

In: candidates' programs and test code. Out: a result for each test item. No process that holds
tests ever runs a candidate, unless their dataset or the operator asks for one process.
"""
