"""What the verifier says when a dataset is wrong."""


class VerifierError(Exception):
    """A reference cannot be used as it stands.

    `field` names the offending part (`tests.cases[3].stdin`), so that whoever owns the
    dataset finds it.
    """

    def __init__(self, field: str, problem: str) -> None:
        """Say which *field* of the reference has which *problem*."""
        super().__init__(f"{field}: {problem}")
        self.field = field
        self.problem = problem
