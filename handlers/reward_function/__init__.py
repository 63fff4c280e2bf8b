"""Score entries in AWS: many calls of the reward function (`handlers/reward.py`) at a time.

An entry becomes a sample of an event (`event`), a call returns rows (`function`, `answer`), and the
`dispatcher` decides which calls run and what happens when one fails. No sample is lost or scored
twice, and none gets a verdict from a call that failed.
"""
