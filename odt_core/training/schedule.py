"""The learning rate at a step: a function of the step alone."""

from __future__ import annotations

import math

from odt_core.training.settings import Schedule, Settings


def learning_rate_at(settings: Settings, step: int, total: int) -> float | None:
    """The rate for step (0-based) of total; None when the model's own rate is to be left alone."""
    rate = settings.learning_rate
    if rate is None:
        return None
    warmup = math.floor(settings.warmup * total)
    if step < warmup:
        return rate * (step + 1) / warmup
    done = (step - warmup) / max(total - warmup, 1)  # 0 .. < 1
    if settings.schedule is Schedule.COSINE:
        return rate * 0.5 * (1 + math.cos(math.pi * done))
    if settings.schedule is Schedule.LINEAR:
        return rate * (1 - done)
    return rate
