"""Score on the nodes of a Ray cluster: actors that own sandboxes, and work that none of them loses.

`verifier score --on ray` and `nova_code_verifier.adapters.ray` are thin faces of this package.
"""
