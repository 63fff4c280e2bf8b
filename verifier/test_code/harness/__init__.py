"""The harness: runs a dataset's test code, in a guest that never holds a candidate.

Wherever the tests use something of the candidate's, a stand-in takes its place, and the use
becomes a question. Its answer may be known from earlier; if not, what needs it is put off, and
the tests go on as far as they can. So one run collects nearly all the questions of a test,
and the next run, with their answers, marks it.

    press       once for every test code: its units, and the names that it wants of a candidate
    exam        one run: a test code, what is known -> the state of each unit, what to ask next
    script      how tests fall into units and steps
    unittest_suite, pytest_suite    tests that are written for these tools
    transcript  which question is which, and what was answered
    cast        the stand-ins, by what the candidate's guest says of its objects
    unknown     the stand-ins for what nobody knows yet
    sources     functions of the tests that the candidate is to call
    patches     what tests change under a candidate, and so cannot from where they are

Must not know: the candidate. What it hears of one is hearsay, in plain data.
"""
