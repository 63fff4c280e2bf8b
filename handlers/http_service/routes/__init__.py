"""The protocols: one module each, with a function `router`."""
