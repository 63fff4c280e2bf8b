"""`verifier convert`: write the rows of a data set in the form that a trainer reads."""
