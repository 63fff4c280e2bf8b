"""How scoring grows with processes and machines: measured here, and computed for more."""
