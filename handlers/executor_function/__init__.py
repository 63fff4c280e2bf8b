"""The client of the executor function, the format of its payloads, and its search for leftovers."""
