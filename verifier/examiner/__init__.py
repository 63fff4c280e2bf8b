"""The examiner: runs a dataset's test code, in a guest that never holds a candidate.

Wherever the tests use something of the candidate's, a stand-in takes its place, and the use
becomes a question. Its answer may be known from earlier; if not, what needs it is put off, and
the tests go on as far as they can. So one run collects nearly all the questions of a test,
and the next run, with their answers, marks it.

    exam        one run: a paper, what is known -> the state of each unit, what to ask next
    script, suites    run asserts and `check` functions; run unittest and pytest
    transcript  which question is which, and what was answered
    cast        the stand-ins, by what the candidate's guest says of its objects
    unknown     the stand-ins for what nobody knows yet
    sources     functions of the tests that the candidate is to call

Must not know: the candidate. What it hears of one is hearsay, in plain data.
"""
