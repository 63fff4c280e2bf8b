"""`verifier compare`: show which rewards moved between two files of rows, and why."""
