"""Verify a reward function with an official client, as its user would.

    python verify.py DIRECTORY CLIENT TARGET < samples.json

In: the directory of the clients, the name of one, a file or an ARN, and the samples. Out: a last
line with a JSON object: whether the function passed, and the messages. The client's code runs
unchanged, except for the `__init__.py` files of some packages: these would import all that a
training job needs.
"""

import importlib
import json
import sys
import types
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3


@dataclass(frozen=True, slots=True, kw_only=True)
class _Client:
    """A client: its package, the packages in it to leave empty, and the module that verifies.

    `options` returns the arguments of the verification besides file and samples.
    """

    package: str
    emptied: tuple[str, ...]
    verifier: str
    options: Callable[[str], dict[str, object]]


def _platform(module: str) -> Callable[[str], dict[str, object]]:
    return lambda package: {
        "platform": importlib.import_module(f"{package}.{module}").Platform.SMHP
    }


def _compute(package: str) -> dict[str, object]:
    """Replace two classes that describe clusters: only their types are used."""
    name = f"{package}.core.training.configs"
    module: Any = types.ModuleType(name)
    module.TrainingJobCompute = type("TrainingJobCompute", (), {})
    module.HyperPodCompute = type("HyperPodCompute", (), {})
    sys.modules[name] = module
    return {"compute": module.HyperPodCompute()}


CLIENTS = {
    "amzn-nova-customization-sdk": _Client(
        package="amzn_nova_customization_sdk",
        emptied=("dataset", "dataset.dataset_validator", "model"),
        verifier="util.reward_verifier",
        options=_platform("model.model_enums"),
    ),
    "amzn-nova-forge": _Client(
        package="amzn_nova_forge",
        emptied=("dataset", "dataset.dataset_validator", "core"),
        verifier="util.reward_verifier",
        options=_platform("core.enums"),
    ),
    "sagemaker-train": _Client(
        package="sagemaker",
        emptied=("core", "core.training", "train", "train.common_utils"),
        verifier="train.common_utils.rlvr_reward_verifier",
        options=_compute,
    ),
}


def _empty_packages(directory: str, client: _Client) -> None:
    sys.path.insert(0, directory)
    for name in ("", *client.emptied):
        full_name = ".".join(filter(None, (client.package, name)))
        package = types.ModuleType(full_name)
        package.__path__ = [str(Path(directory, *full_name.split(".")))]
        sys.modules[full_name] = package


def _rename_function() -> None:
    """Invoke `function`, the only name that the emulator knows, instead of an ARN."""
    boto3.setup_default_session()
    boto3.DEFAULT_SESSION.events.register(
        "provide-client-params.lambda.Invoke",
        lambda params, **_: params | {"FunctionName": "function"},
    )


def _main() -> None:
    directory, name, target = sys.argv[1:]
    client = CLIENTS[name]
    _empty_packages(directory, client)
    _rename_function()
    options = client.options(client.package)
    verifier = importlib.import_module(f"{client.package}.{client.verifier}")
    try:
        result = verifier.verify_reward_function(target, json.load(sys.stdin), **options)
    except ValueError as error:
        result = {"success": False, "message": str(error)}
    print(json.dumps({"success": False, "message": "", "results": []} | result))  # noqa: T201  (a script)


if __name__ == "__main__":
    _main()
