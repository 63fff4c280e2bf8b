"""The error for a dataset that cannot be used."""


class VerifierError(Exception):
    """Raised for a reference that cannot be used. The sample is then ungraded.

    `field` is the path of the wrong part (`tests.cases[3].stdin`), so that the owner of the
    dataset can find it. `problem` says what was found there and what was expected.
    """

    def __init__(self, field: str, problem: str) -> None:
        """Set the message to "*field*: *problem*"."""
        super().__init__(f"{field}: {problem}")
        self.field = field
        self.problem = problem
