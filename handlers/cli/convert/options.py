"""Define what a user chooses: the trainer, the columns, the limits of a row."""

from dataclasses import dataclass
from enum import StrEnum

from nova_code_verifier.handlers.dataset_row import Columns


class Target(StrEnum):
    """The trainers whose rows are written."""

    NOVA = "nova"
    BEDROCK = "bedrock"
    VERL = "verl"
    TRL = "trl"
    VERIFIERS = "verifiers"
    GYM = "gym"


# A request of Lambda has 6 MiB. SageMaker sends 64 samples in one, and an answer of 8192 tokens
# takes about 32 KiB: 6 MiB / 64 - 32 KiB = 64 KiB.
_BYTES_OF_A_SAMPLE = 2**16
_BYTES_MAX = {Target.NOVA: _BYTES_OF_A_SAMPLE, Target.BEDROCK: _BYTES_OF_A_SAMPLE}


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What to write.

    `bytes_max` is the size of a row as JSON in ASCII; None: any. `instruction` follows every
    prompt. With `names_function`, a prompt that does not name the function that the tests call gets
    its name.
    """

    target: Target
    columns: Columns = Columns()
    prompt_column: str | None = None
    bytes_max: int | None = None
    tests_max: int | None = None
    seed: int = 0
    instruction: str = ""
    names_function: bool = False


def default_bytes_max(target: Target) -> int | None:
    """Return the size of a row that suits the *target*, or None."""
    return _BYTES_MAX.get(target)
