"""Read a completion: its sections, its program or answer, its format. Knows no reference."""
