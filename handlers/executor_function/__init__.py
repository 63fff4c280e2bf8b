"""Two functions: one that holds the references, and one that runs candidates."""
