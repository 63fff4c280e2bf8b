"""The command line, `verifier`: `app.py` lists the commands, and each command is a folder."""
