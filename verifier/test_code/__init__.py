"""Judge a candidate by test code: asserts, `check`, pytest, unittest. The trusted side."""
