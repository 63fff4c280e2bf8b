"""The command line: `app` is the door; what it needs of files and terminals is behind it."""
