"""`verifier explain`: show how one sample got its reward."""
