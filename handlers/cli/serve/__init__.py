"""`verifier serve`: the HTTP service."""
