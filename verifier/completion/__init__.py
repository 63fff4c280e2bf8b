"""Read a completion: its parts, its program or answer, its format. Knows no reference."""
