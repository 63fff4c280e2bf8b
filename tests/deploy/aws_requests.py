"""Find what AWS would refuse in a request, by the service models in botocore.

botocore itself checks types, unknown and missing members, and minima. The models also state maxima,
patterns and enumerations, which only the services enforce: these are read here.
"""

import re
from collections.abc import Iterator
from typing import Any

from botocore.model import ListShape, MapShape, OperationModel, Shape, StringShape, StructureShape
from botocore.session import Session
from botocore.validate import ParamValidator


def operation(service: str, name: str) -> OperationModel:
    """Return an operation, for example `CreateTrainingJob` of `sagemaker`."""
    return Session().get_service_model(service).operation_model(name)


def problems(request: dict[str, Any], service: str, name: str) -> list[str]:
    """Return what is wrong with a request; nothing for one that fits the model."""
    shape = operation(service, name).input_shape
    report = ParamValidator().validate(request, shape)
    if report.has_errors():
        return [report.generate_report()]
    return list(_violations(request, shape, name))


def _violations(value: Any, shape: Shape, where: str) -> Iterator[str]:
    """Yield the limits that *value* breaks. Its types fit *shape*."""
    if isinstance(shape, StructureShape):
        for member, inner in value.items():
            yield from _violations(inner, shape.members[member], f"{where}.{member}")
    elif isinstance(shape, ListShape):
        for index, inner in enumerate(value):
            yield from _violations(inner, shape.member, f"{where}[{index}]")
    elif isinstance(shape, MapShape):
        for key, inner in value.items():
            yield from _violations(key, shape.key, f"{where}, key {key}")
            yield from _violations(inner, shape.value, f"{where}.{key}")
    yield from _own_violations(value, shape, where)


def _own_violations(value: Any, shape: Shape, where: str) -> Iterator[str]:
    """Yield the limits that *value* itself breaks."""
    limits = shape.metadata
    if "max" in limits:
        size = len(value) if isinstance(shape, StringShape | ListShape | MapShape) else value
        if size > limits["max"]:
            yield f"{where}: {size} is more than {limits['max']}"
    if "enum" in limits and value not in limits["enum"]:
        yield f"{where}: {value!r} is none of {limits['enum']}"
    if "pattern" in limits and not re.fullmatch(limits["pattern"], value):
        yield f"{where}: {value!r} does not match {limits['pattern']}"
