"""Number the semantics of rewards, so that rewards of two runs can be compared.

The number goes into every row, log line and `verifier --version`. Rows of one number, one rubric
and one data set have the same rewards. `docs/rubric.md` says when to raise it.
"""

SEMANTICS_VERSION = 3
"""Raise this if any sample's reward could change. CHANGELOG.md describes each version."""
