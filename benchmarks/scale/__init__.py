"""Score files at each place, and compare rows, speed and memory."""
