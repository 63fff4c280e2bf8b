"""The judge: a language model that says how similar two texts are."""
