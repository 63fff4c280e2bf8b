"""Read the tests in rows of public datasets."""
