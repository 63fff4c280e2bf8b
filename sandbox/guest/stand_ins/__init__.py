"""Stand-ins for the tests' objects, in the candidate's guest.

In: descriptions that the harness wrote (`sandbox/protocol/exports.py`). Out: objects that are like
those of the tests, and ask the harness for whatever the candidate does with them.

    making         makes a stand-in by its kind
      values       members of enumerations, named tuples
      instances    instances, classes, exceptions, mocks
      functions    functions, iterators, coroutines
      streams      files, StringIO
    table          the numbers of stand-ins
"""
