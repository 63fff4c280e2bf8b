"""`verifier judge-check`: measure how far a language model can be trusted as a judge."""
