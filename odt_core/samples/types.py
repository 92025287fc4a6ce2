"""Labelled samples: as a person gives them, and as a model takes them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from odt_core.errors import SampleError
from odt_core.samples.labels import Labels


@dataclass(frozen=True)
class RawSamples:
    """As given by the person, not yet the model's input.

    items: each uint8 [H, W], [H, W, 3] or [H, W, 4], or float32 in the model's own input shape.
    labels: what each shows. names: where each came from, for messages.
    """

    items: tuple[np.ndarray, ...]
    labels: tuple[str, ...]
    names: tuple[str, ...]

    def __post_init__(self) -> None:
        if not len(self.items) == len(self.labels) == len(self.names):
            raise SampleError(
                f"{len(self.items)} pictures have {len(self.labels)} labels and "
                f"{len(self.names)} names. Give one of each per picture."
            )

    def __len__(self) -> int:
        return len(self.items)


@dataclass(frozen=True)
class Samples:
    """What a session takes. x: float32 [N, *input_shape]; y: int64 [N], output index."""

    x: np.ndarray
    y: np.ndarray
    labels: Labels

    def __post_init__(self) -> None:
        if len(self.x) != len(self.y) or self.y.ndim != 1:
            raise SampleError(
                f"{len(self.x)} inputs have labels of shape {self.y.shape}. Give one per input."
            )
        if len(self.y) and not 0 <= int(self.y.min()) <= int(self.y.max()) < len(self.labels):
            raise SampleError(
                f"A label index is outside 0..{len(self.labels) - 1}, the model's outputs."
            )

    def __len__(self) -> int:
        return len(self.y)

    def take(self, index: np.ndarray) -> Samples:
        """The samples at `index` (integers or a mask), in that order."""
        return Samples(self.x[index], self.y[index], self.labels)
