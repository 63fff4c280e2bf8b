"""`verifier docker-check`: compare the rows of the Lambda's image with those of this machine."""
