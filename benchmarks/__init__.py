"""Benchmarks. Each compares two speeds of the same run, and reports their ratio."""
