"""The places where samples are scored: this process, several processes, other machines."""
