"""Work out a template as CloudFormation would: parameters, conditions, intrinsic functions.

In: a template, parameters, and, by its name, what only AWS knows (`Function.Arn`). Out: the
resources, as plain values. Whatever nobody knows stays a word in braces. Must not know: this
project's template.
"""

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from cfnlint.decode import cfn_yaml

PSEUDO_PARAMETERS = {
    "AWS::Partition": "aws",
    "AWS::Region": "us-east-1",
    "AWS::AccountId": "123456789012",
}
_NOTHING = object()


class Template:
    """A template with its parameters set."""

    def __init__(
        self, path: Path, attributes: Mapping[str, str] | None = None, **parameters: str
    ) -> None:
        """Read it. Parameters that are not given have their defaults."""
        self._raw: dict[str, Any] = cfn_yaml.load(str(path))
        defaults = {name: one.get("Default", "") for name, one in self._raw["Parameters"].items()}
        unknown = parameters.keys() - defaults.keys()
        if unknown:
            raise KeyError(f"no such parameters: {unknown}")
        self._names = PSEUDO_PARAMETERS | defaults | parameters | dict(attributes or {})

    @property
    def parameters(self) -> Mapping[str, Any]:
        """The declarations of the parameters."""
        parameters: dict[str, Any] = self._raw["Parameters"]
        return parameters

    @property
    def resources(self) -> dict[str, Any]:
        """The resources whose conditions hold, worked out."""
        return {
            name: self._resolve({key: one[key] for key in one if key != "Condition"})
            for name, one in self._raw["Resources"].items()
            if "Condition" not in one or self._holds(one["Condition"])
        }

    def of_type(self, kind: str) -> dict[str, Any]:
        """Return the properties of all resources of a type, by name."""
        return {
            name: one["Properties"] for name, one in self.resources.items() if one["Type"] == kind
        }

    def _holds(self, condition: str) -> bool:
        return bool(self._resolve(self._raw["Conditions"][condition]))

    def _resolve(self, value: Any) -> Any:
        if isinstance(value, list):
            return [one for one in map(self._resolve, value) if one is not _NOTHING]
        if not isinstance(value, dict):
            return value
        word = next(iter(value), "")
        if len(value) == 1 and word in self._words:
            return self._words[word](value[word])
        resolved = {key: self._resolve(one) for key, one in value.items()}
        return {key: one for key, one in resolved.items() if one is not _NOTHING}

    @property
    def _words(self) -> dict[str, Callable[[Any], Any]]:
        """What the intrinsic functions do with their arguments."""
        return {
            "Ref": lambda name: _NOTHING if name == "AWS::NoValue" else self._named(name),
            "Condition": self._holds,
            "Fn::If": lambda one: self._resolve(one[1] if self._holds(one[0]) else one[2]),
            "Fn::Not": lambda one: not self._resolve(one[0]),
            "Fn::And": lambda every: all(map(self._resolve, every)),
            "Fn::Equals": lambda two: len({str(self._resolve(one)) for one in two}) == 1,
            "Fn::Sub": self._substitute,
            "Fn::Split": lambda two: self._resolve(two[1]).split(two[0]),
            "Fn::GetAtt": lambda path: self._named(
                path if isinstance(path, str) else ".".join(path)
            ),
            "Fn::Select": lambda _: "{from a list}",
        }

    def _substitute(self, text: str) -> str:
        return re.sub(r"\$\{([\w:.]+)\}", lambda found: str(self._named(found[1])), text)

    def _named(self, name: str) -> object:
        return self._names.get(name, f"{{{name}}}")
