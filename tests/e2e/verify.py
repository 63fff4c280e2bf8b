"""Verify a reward function with an official client, as its user would.

    python verify.py DIRECTORY CLIENT TARGET < samples.json

In: the directory of the clients, one of their names, a file or an ARN, the samples. Out: as the
last line, a JSON object: did it pass, and what was said. Of the clients, only the doors of the
packages are left out: they would import all that a training job needs. Must not know: the reward
function.
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
    """A client: its package, the packages in it that are to stay empty, the module that verifies.

    `options` builds what it wants to know besides file and samples.
    """

    package: str
    hollow: tuple[str, ...]
    verifier: str
    options: Callable[[str], dict[str, object]]


def _platform(module: str) -> Callable[[str], dict[str, object]]:
    return lambda package: {
        "platform": importlib.import_module(f"{package}.{module}").Platform.SMHP
    }


def _compute(package: str) -> dict[str, object]:
    """Stand in for two classes that describe clusters, and are only asked what they are."""
    name = f"{package}.core.training.configs"
    module: Any = types.ModuleType(name)
    module.TrainingJobCompute = type("TrainingJobCompute", (), {})
    module.HyperPodCompute = type("HyperPodCompute", (), {})
    sys.modules[name] = module
    return {"compute": module.HyperPodCompute()}


CLIENTS = {
    "amzn-nova-customization-sdk": _Client(
        package="amzn_nova_customization_sdk",
        hollow=("dataset", "dataset.dataset_validator", "model"),
        verifier="util.reward_verifier",
        options=_platform("model.model_enums"),
    ),
    "amzn-nova-forge": _Client(
        package="amzn_nova_forge",
        hollow=("dataset", "dataset.dataset_validator", "core"),
        verifier="util.reward_verifier",
        options=_platform("core.enums"),
    ),
    "sagemaker-train": _Client(
        package="sagemaker",
        hollow=("core", "core.training", "train", "train.common_utils"),
        verifier="train.common_utils.rlvr_reward_verifier",
        options=_compute,
    ),
}


def _hollow_out(directory: str, client: _Client) -> None:
    sys.path.insert(0, directory)
    for name in ("", *client.hollow):
        full_name = ".".join(filter(None, (client.package, name)))
        package = types.ModuleType(full_name)
        package.__path__ = [str(Path(directory, *full_name.split(".")))]
        sys.modules[full_name] = package


def _call_it_function() -> None:
    """Ask for `function`, the only name that an emulator has, instead of an ARN."""
    boto3.setup_default_session()
    boto3.DEFAULT_SESSION.events.register(
        "provide-client-params.lambda.Invoke",
        lambda params, **_: params | {"FunctionName": "function"},
    )


def _main() -> None:
    directory, name, target = sys.argv[1:]
    client = CLIENTS[name]
    _hollow_out(directory, client)
    _call_it_function()
    options = client.options(client.package)
    verifier = importlib.import_module(f"{client.package}.{client.verifier}")
    try:
        said = verifier.verify_reward_function(target, json.load(sys.stdin), **options)
    except ValueError as error:
        said = {"success": False, "message": str(error)}
    print(json.dumps({"success": False, "message": "", "results": []} | said))  # noqa: T201  (a script)


if __name__ == "__main__":
    _main()
