"""Turn verdicts into a reward: groups, guess baseline, shape, weights. Sees no output."""
