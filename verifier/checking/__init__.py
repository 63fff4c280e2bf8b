"""Compare observed output and values with expected ones. No module here computes a reward."""
