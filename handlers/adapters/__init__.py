"""Adapters for trainers that call a Python function: one core, and a thin face for each trainer.

Import `nova_code_verifier.adapters`: trainers name functions by this path. The folder is in
`handlers/`, because it is an entry point; a link gives it the short name.
"""

if __name__ != "nova_code_verifier.adapters":
    # Under two names, a module would be loaded twice: two clients, and classes that are not equal.
    raise ImportError(f"import nova_code_verifier.adapters instead of {__name__}")
