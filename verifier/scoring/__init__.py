"""Compute a reward from verdicts: groups, guess baseline, shape and weights."""
