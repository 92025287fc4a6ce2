"""Random variants of the own samples, those of the next step made while a step trains."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np

from odt_core.cores import usable_cores
from odt_core.training.batches import Plan, Stream

if TYPE_CHECKING:
    from odt_core.samples import Augmentation


class Variants:
    """What `augmentation` makes of a step's own samples: a function of the step alone."""

    def __init__(self, augmentation: Augmentation, x: np.ndarray, plan: Plan) -> None:
        """x: own samples [N, *input_shape]."""
        self._augmentation, self._plan = augmentation, plan
        self._x = np.asarray(x, np.float32)  # else its last bits would reach the variants
        self._thread = ThreadPoolExecutor(1, "odt-variants") if usable_cores() > 1 else None
        self._ahead: tuple[int, Future[np.ndarray]] | None = None

    def of(self, step: int) -> np.ndarray:
        """Those of a step, 0-based: [own, *input_shape]."""
        ahead, self._ahead = self._ahead, None
        found = ahead[1].result() if ahead and ahead[0] == step else self._make(step)
        if self._thread is not None and step + 1 < self._plan.total:
            self._ahead = step + 1, self._thread.submit(self._make, step + 1)
        return found

    def _make(self, step: int) -> np.ndarray:
        rng = self._plan.rng(step, Stream.AUGMENT)
        return self._augmentation.batch(self._x[self._plan.own(step)], rng)
