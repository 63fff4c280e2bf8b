"""What two processes of the sandbox exchange. Both sides import these modules."""
