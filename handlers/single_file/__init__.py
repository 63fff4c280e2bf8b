"""Build and start the reward function as one file."""
