"""Read a reference: its task, its test plan, its limits. Knows no candidate."""
