"""What a study found as JSON's own types, and back to the letter."""

from __future__ import annotations

import contextlib
from dataclasses import fields, is_dataclass
from enum import Enum
from types import UnionType
from typing import Any, cast, get_args, get_origin, get_type_hints

import numpy as np

from odt_core.studies.controls import Controls
from odt_core.studies.cost import Cost
from odt_core.studies.sample_size import SamplesNeeded

KINDS = {kind.__name__: kind for kind in (Controls, Cost, SamplesNeeded)}


def to_json(found: Any) -> Any:
    """A dataclass of numbers, words, index arrays and other such dataclasses."""
    if is_dataclass(found):
        return {field.name: to_json(getattr(found, field.name)) for field in fields(found)}
    if isinstance(found, tuple):
        return [to_json(one) for one in found]
    if isinstance(found, np.ndarray | np.generic):
        return found.tolist()
    return found.value if isinstance(found, Enum) else found


def from_json(kind: Any, value: Any) -> Any:
    """What `to_json` was given. ValueError or TypeError where any of it is of another kind."""
    parts = get_args(kind)
    if get_origin(kind) is UnionType:
        for part in parts:
            with contextlib.suppress(TypeError, ValueError):
                return from_json(part, value)
    elif get_origin(kind) is tuple and isinstance(value, list):
        each = parts[:1] * len(value) if parts[-1] is Ellipsis else parts
        return tuple(from_json(*pair) for pair in zip(each, value, strict=True))
    elif is_dataclass(kind) and isinstance(value, dict):
        make, hints = cast(Any, kind), get_type_hints(kind)
        return make(**{name: from_json(hints.get(name), one) for name, one in value.items()})
    elif kind is np.ndarray:
        return np.array(from_json(tuple[int, ...], value), np.int64)
    elif type(value) is kind:
        return value
    elif issubclass(kind, Enum) or (kind is float and type(value) is int):
        return kind(value)
    raise ValueError(f"{value!r} is not of {kind}")
