"""`POST /test_program` and `/test_program_stdio`: run tests, for open-instruct's code verifier.

route      the two routes
plan       a request → samples, each of which stands for many tests
results    their scores → 1 or 0 for each test, and for how long it ran
"""
