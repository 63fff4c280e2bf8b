"""The harness: runs a dataset's test code, in a guest that never holds a candidate.

Wherever the tests use an object of the candidate's, a proxy takes its place, and the use becomes a
request to the candidate's guest. The tests wait for the answer.

    compile             once per test code: test items, and the names to expect of a candidate
      script, loops     divide a script into items, and loops that assert into parts
      imports           finds modules that tests need
      expectations      finds the answers that tests expect
    runner              what a harness is asked to run: a session, discovery, a guess
      run, items        run the tests once: candidate -> state of each item
      pytest_suite, unittest_suite, no_pytest_suite     run items with the tool they are written for
      in_process        the same with the candidate in the process of the tests
      recorder, recording     the candidate of discovery, which notes what tests compare it with
      guess_baseline    candidates that always give one answer
    session             makes requests of what the tests do, and values of answers
      marshalling, proxies      proxies for the candidate's objects, classes, methods, iterators
      exports, operations, exported_kinds, descriptions
                          what the candidate does with the tests' objects
      patches           patches that tests make, for the candidate's guest
      surroundings      streams, log records, warnings and settings around a request
      library_names       what both sides know by name

The harness knows of a candidate only what its guest sends, in plain data, and believes none of it.
"""
