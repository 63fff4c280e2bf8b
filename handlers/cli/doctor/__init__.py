"""`verifier doctor`: show which protections the sandbox has on this machine."""
