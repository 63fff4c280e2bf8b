"""Grade the samples of many small callers together: they share batches, and one executor."""
