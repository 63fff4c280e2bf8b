"""`verifier lint-rows`: check rows for everything that could break a trainer."""
