"""The reward function as one file, for where a trainer can deploy no more."""
