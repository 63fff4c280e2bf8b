"""Resolve a template as CloudFormation does: parameters, conditions, intrinsic functions.

In: a template, parameters, and the attributes that only AWS knows (`Function.Arn`), by name. Out:
the resources, as plain values. A name without a value becomes the name in braces.
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
        """Read the file at *path*. Parameters that are not given have their defaults.

        *attributes* are the values of `Fn::GetAtt`, as `Resource.Attribute`.
        """
        self._raw: dict[str, Any] = cfn_yaml.load(str(path))
        defaults = {
            name: declared.get("Default", "") for name, declared in self._raw["Parameters"].items()
        }
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
        """The resources whose conditions hold, resolved."""
        return {
            name: self._resolve({key: raw[key] for key in raw if key != "Condition"})
            for name, raw in self._raw["Resources"].items()
            if "Condition" not in raw or self._holds(raw["Condition"])
        }

    def of_type(self, kind: str) -> dict[str, Any]:
        """Return the properties of all resources of a type, by name."""
        return {
            name: resource["Properties"]
            for name, resource in self.resources.items()
            if resource["Type"] == kind
        }

    def _holds(self, condition: str) -> bool:
        return bool(self._resolve(self._raw["Conditions"][condition]))

    def _resolve(self, value: Any) -> Any:
        if isinstance(value, list):
            resolved = map(self._resolve, value)
            return [item for item in resolved if item is not _NOTHING]
        if not isinstance(value, dict):
            return value
        key = next(iter(value), "")
        if len(value) == 1 and key in self._functions:
            return self._functions[key](value[key])
        items = {key: self._resolve(item) for key, item in value.items()}
        return {key: item for key, item in items.items() if item is not _NOTHING}

    @property
    def _functions(self) -> dict[str, Callable[[Any], Any]]:
        """The intrinsic functions, by name."""
        return {
            "Ref": lambda name: _NOTHING if name == "AWS::NoValue" else self._named(name),
            "Condition": self._holds,
            "Fn::If": lambda args: self._resolve(args[1] if self._holds(args[0]) else args[2]),
            "Fn::Not": lambda args: not self._resolve(args[0]),
            "Fn::And": lambda args: all(map(self._resolve, args)),
            "Fn::Equals": lambda args: len({str(self._resolve(arg)) for arg in args}) == 1,
            "Fn::Sub": self._substitute,
            "Fn::Split": lambda args: self._resolve(args[1]).split(args[0]),
            "Fn::GetAtt": lambda path: self._named(
                path if isinstance(path, str) else ".".join(path)
            ),
            "Fn::Select": lambda _: "{from a list}",
            "Fn::FindInMap": self._find,
        }

    def _find(self, path: list[Any]) -> Any:
        found = self._raw["Mappings"]
        for key in path:
            found = found[self._resolve(key)]
        return found

    def _substitute(self, text: str) -> str:
        return re.sub(r"\$\{([\w:.]+)\}", lambda found: str(self._named(found[1])), text)

    def _named(self, name: str) -> object:
        return self._names.get(name, f"{{{name}}}")
