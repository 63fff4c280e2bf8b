"""`python -m nova_code_verifier.handlers.cli` is `verifier`."""

from nova_code_verifier.handlers.cli.app import main

main()
