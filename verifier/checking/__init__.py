"""Compare what a candidate produced with what was expected. Knows no reward."""
