"""What the reward function and the executor function need to work together."""
