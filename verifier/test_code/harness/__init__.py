"""The harness: runs a dataset's test code, in a guest that never holds a candidate.

Wherever the tests use an object of the candidate's, a proxy takes its place, and the use becomes a
question. If its answer is not known yet, the tests leave the statement and go on behind it. So one
run collects nearly all questions, and the next run, with their answers, gives the results.

    compile             once per test code: test items, and the names to expect of a candidate
      script            divides a script into items and steps
      patching          finds tests that must run in the candidate's process
      expectations      finds the answers that tests expect
    runner              runs the tests once: answers -> state of each item, questions
      pytest_suite, unittest_suite, no_pytest_suite     run items with the tool they are written for
      guess_baseline    the same for candidates that always give one answer
      in_process        the same in the candidate's process, without proxies
    session             makes questions of what the tests do, and values of answers
      transcript        finds the answer to a question in those of the last run
      marshalling       writes operands, reads answers, makes proxies for the objects in them
      callables         sends functions by their source
      proxies           proxies for objects, classes, methods, iterators
      pending           proxies for answers that are not known yet

The harness knows of a candidate only what its guest sends, in plain data, and believes none of it.
"""
