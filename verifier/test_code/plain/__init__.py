"""Judge plain tests without a process for the tests: a fast path. The trusted side.

    run         asks the calls of plain asserts, and evaluates the conditions
    baseline    discovers plain tests, and what the best guess passes, without running them
    reader      reads the asserts of plain tests

In: test code, a candidate's program. Out: the rows that a session would report, word for word; or
nothing, and then a session decides.
"""
