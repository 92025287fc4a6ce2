"""What a checkpoint's metadata may hold: the same is asked of what is written and what is read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from odt_core.checkpoint.progress import is_count, is_number
from odt_core.checkpoint.tempering import Tempering

_COUNT = "a whole number from 0 to 2**63 - 1"
_JSON = "a mapping of JSON's types, such as to_json() gives"


def fault_in(meta: object) -> str:
    """What is wrong with the first field of a CheckpointMeta that cannot be, in words; "" where all
    can.
    """
    for name, (wanted, fits) in _FIELDS.items():
        value = getattr(meta, name)
        if not fits(value):
            return f"its {name} must be {wanted}, not {str(value)[:40]!r} ({type(value).__name__})"
    return ""


def is_text(value: object) -> bool:
    """Whether it is text that can be written again: JSON may hold halves of characters."""
    return isinstance(value, str) and not any("\ud800" <= one <= "\udfff" for one in value)


def _are_labels(value: object) -> bool:
    if not isinstance(value, tuple | list):
        return False
    named = [one for one in value if one is not None]
    return all(map(is_text, named)) and len(set(named)) == len(named)


def _is_rate(value: Any) -> bool:
    return value is None or (is_number(value) and value >= 0)


_FIELDS: Mapping[str, tuple[str, Callable[[Any], bool]]] = {
    "model_sha256": ("text", is_text),
    "step": (_COUNT, is_count),
    "settings": (_JSON, lambda value: isinstance(value, Mapping)),
    "seed": (_COUNT, is_count),
    "labels": ("a tuple of names, each once, None for an output without one", _are_labels),
    "metrics": (_JSON, lambda value: isinstance(value, Mapping)),
    "created": ("text", is_text),
    "note": ("text", is_text),
    "reason": ("text", is_text),
    "temperature": (
        "an odt_core.checkpoint.Tempering or None",
        lambda value: value is None or isinstance(value, Tempering),
    ),
    "learning_rate": ("a number of at least 0 or None", _is_rate),
}
