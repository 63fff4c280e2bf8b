"""Translate the rows of public data sets into the canonical form of a reference."""
