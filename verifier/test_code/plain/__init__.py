"""Judge plain tests without a process for the tests: a fast path. The trusted side.

    run                 asks the calls of plain asserts, and evaluates the conditions
    baseline            discovers plain scripts, and what the best guess passes, without a run
    shared_imports      says whether a program may need what its tests import
    reader              reads scripts, and tests of pytest and unittest
      asserts           reads the asserts of one item
        conditions      reads the expressions in them
        functions       the functions that they may call; helpers of the tests
        unittest_methods
          values        the values that tests state, and their names

In: test code, a candidate's program. Out: the rows that a session would report, word for word; or
nothing, and then a session decides.
"""
