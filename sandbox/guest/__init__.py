"""The untrusted side: the zygote that forks guests, and what runs inside a guest."""
