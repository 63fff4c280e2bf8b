"""Read samples from JSON Lines, JSON, Parquet and Arrow, also compressed, or a directory."""
