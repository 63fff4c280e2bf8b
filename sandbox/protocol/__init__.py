"""What two processes of the sandbox say to each other. Both sides import these modules."""
