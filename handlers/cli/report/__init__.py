"""`verifier report`: show the rows of a run, or of two runs, as one HTML page."""
