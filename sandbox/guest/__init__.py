"""The untrusted side: the zygote, which forks guests, and the code that runs in a guest."""
