"""The LLM judge: a language model that rates how similar two texts are."""
