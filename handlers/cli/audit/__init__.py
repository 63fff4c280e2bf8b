"""`verifier audit`: find the faults of a data set before a model is trained on it."""
