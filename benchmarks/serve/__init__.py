"""Load the HTTP service as trainers do, and compare it with the library."""
