"""`verifier score`: score a file of samples, with progress and a summary."""
