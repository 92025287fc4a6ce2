"""What changed inside: how far each layer's weights moved from the base model's."""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np

from odt_core.errors import CheckpointError

# Words of what an optimiser or a metric keeps beside the weights.
_KEPT = re.compile(
    r"(^|[/_.])(adam\w*|sgd|rmsprop|adagrad|adadelta|adamax|nadam|ftrl|lamb|lion|adafactor|"
    r"optimi[sz]er|momentum|velocity|accumulators?|slots?|m|v|vhat|iter|iterations?|step|count|total|"
    r"learning_rate|lr|odt_random)(_?\d+)?($|[/_.:])",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class LayerChange:
    """One layer: variables that share the first part of their names.

    relative: ‖own − base‖ / ‖base‖ (Frobenius, over all the layer's weights); inf where the base is
    all zeros and own is not. norm: ‖own − base‖. size: how many weights. variables: their names.
    changed: how many of the weights are no longer what they were.
    """

    name: str
    relative: float
    norm: float
    size: int
    variables: tuple[str, ...] = ()
    changed: int = 0

    @property
    def from_zero(self) -> bool:
        """Whether it began at zero, so that there is no share of that by which it moved."""
        return not math.isfinite(self.relative)

    @property
    def moved(self) -> bool:
        """Whether any weight changed at all."""
        return self.norm > 0


def most_moved(changes: tuple[LayerChange, ...], most: int) -> tuple[LayerChange, ...]:
    """At most so many layers, those that moved the most, in their order."""
    largest = sorted(changes, key=lambda change: -change.norm)[:most]
    return tuple(change for change in changes if change in largest)


def weight_changes(
    base_state: Mapping[str, np.ndarray],
    own_state: Mapping[str, np.ndarray],
    weights: Collection[str] | None = None,
) -> tuple[LayerChange, ...]:
    """By layer, in the order of the names (numbers as numbers: conv2 before conv10).

    weights: which variables count (`weights_of`); None or none at all: judged by name and dtype.
    Whole numbers (seeds, counters) never count. Raises CheckpointError when the two states are of
    different models.
    """
    if base_state.keys() != own_state.keys() or any(
        np.shape(base_state[name]) != np.shape(own_state[name]) for name in base_state
    ):
        raise CheckpointError(
            "The two sets of weights belong to different models. Compare two of the same model."
        )
    layers: dict[str, list[str]] = {}
    for name in sorted(base_state, key=_natural):
        counts = name in weights if weights else _looks_like_weights(name, base_state)
        if counts and np.asarray(base_state[name]).dtype.kind == "f":
            layers.setdefault(_layer(name), []).append(name)
    return tuple(_change(name, own, base_state, own_state) for name, own in layers.items())


def _change(
    name: str,
    variables: list[str],
    base: Mapping[str, np.ndarray],
    own: Mapping[str, np.ndarray],
) -> LayerChange:
    before = np.concatenate([np.asarray(base[v], np.float64).ravel() for v in variables])
    after = np.concatenate([np.asarray(own[v], np.float64).ravel() for v in variables])
    norm, was = float(np.linalg.norm(after - before)), float(np.linalg.norm(before))
    relative = norm / was if was else (float("inf") if norm else 0.0)
    changed = int(np.count_nonzero(after != before))
    return LayerChange(name, relative, norm, before.size, tuple(variables), changed)


def _looks_like_weights(name: str, state: Mapping[str, np.ndarray]) -> bool:
    """No scalar, no word of an optimiser's, and not another variable's name with something before
    or after it, as slots have: "hidden/kernel/rms", "accumulated_grad/hidden/kernel".
    """
    if not np.ndim(state[name]) or _KEPT.search(name):
        return False
    return not any(
        name.endswith(f"/{other}") or name.startswith(f"{other}/")
        for other in state
        if np.shape(state[other]) == np.shape(state[name])
    )


def _layer(name: str) -> str:
    """All but the last part of a name: "block/conv1/kernel:0" is of "block/conv1"."""
    return name.split(":")[0].rpartition("/")[0] or name.split(":")[0]


def _natural(name: str) -> list[tuple[int, int | str]]:
    parts = re.split(r"(\d+)", name)
    return [(0, int(part)) if part.isdecimal() else (1, part) for part in parts]
