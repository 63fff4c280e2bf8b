"""Validate a data set of Nova RFT with the official SDK, as its user would.

    python validate.py DIRECTORY < rows.jsonl

In: the directory of the clients, and the rows. Out: a last line with a JSON object: the message of
the validator if it refuses the rows, or null. The SDK's code runs unchanged, except for the
`__init__.py` files of some packages: these would import all that a training job needs.
"""

import importlib
import json
import sys
import types
from pathlib import Path

_EMPTIED = (
    "amzn_nova_forge",
    "amzn_nova_forge.core",
    "amzn_nova_forge.dataset",
    "amzn_nova_forge.dataset.configs",
    "amzn_nova_forge.dataset.dataset_validator",
    "amzn_nova_forge.util",
    "amzn_nova_forge.validation",
)


def _main() -> None:
    (directory,) = sys.argv[1:]
    sys.path.insert(0, directory)
    for name in _EMPTIED:
        package = types.ModuleType(name)
        package.__path__ = [str(Path(directory, *name.split(".")))]
        sys.modules[name] = package
    enums = importlib.import_module("amzn_nova_forge.core.enums")
    module = importlib.import_module(f"{_EMPTIED[4]}.rft_dataset_validator")
    rows = [json.loads(line) for line in sys.stdin]
    problem = None
    for platform in (enums.Platform.SMTJ, enums.Platform.SMHP, enums.Platform.BEDROCK):
        validator = module.RFTDatasetValidator(enums.Model.NOVA_LITE_2)
        try:
            validator.validate(
                iter(rows),
                enums.Model.NOVA_LITE_2,
                platform=platform,
                training_method=enums.TrainingMethod.RFT_LORA,
            )
        except ValueError as error:
            problem = str(error)
    print(json.dumps(problem))  # noqa: T201  (a script)


if __name__ == "__main__":
    _main()
