"""`python -m handlers.cli` is `verifier`."""

from handlers.cli.app import main

main()
