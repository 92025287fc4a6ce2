"""What a training run is asked to do: one frozen value, checked when it is made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from enum import StrEnum
from numbers import Integral, Real
from typing import Any

from odt_core.checkpoint.progress import MOST
from odt_core.errors import SettingsError
from odt_core.kinds import check_kind

MOST_IN_BATCH = 4_096


class Schedule(StrEnum):
    """How the learning rate moves over the run."""

    CONSTANT = "constant"
    COSINE = "cosine"  # falls to zero along half a cosine
    LINEAR = "linear"  # falls to zero along a line


@dataclass(frozen=True)
class Settings:
    """Settings of one run. SettingsError when one is out of range."""

    epochs: int = 20  # passes over the own samples, 1 to 10,000
    # Samples a step, own and replayed together, 1 to 4,096; more where the model takes batches of
    # fixed sizes alone (batches.why_other_size).
    batch_size: int = 32
    learning_rate: float | None = 0.02  # > 0 to 100; None, or where it is fixed: the model's own
    schedule: Schedule = Schedule.CONSTANT
    warmup: float = 0.0  # share of the steps over which the rate rises from zero, 0 to < 1
    replay: float = 0.5  # least share of each batch from base samples, 0 to < 1; see batches.plan
    distil: float = 0.0  # weight of the base model's own answers in replayed targets, 0 to 1
    augment: float = 0.0  # strength of random variants of own samples, 0 (off) to 1
    average: float = 0.0  # share of the last steps whose weights are averaged, 0 (off) to 1
    seed: int = 0  # 0 to 2**63 - 1
    measure_every: int = 4  # steps between own cross-entropy and accuracy; 0: never
    # Steps between evaluations; 0: as often as a tenth of the time allows, so that which checkpoint
    # of a run is the best one depends on the clock.
    evaluate_every: int = 0

    def __post_init__(self) -> None:
        _whole(self, "epochs", 1, 10_000)
        _whole(self, "batch_size", 1, MOST_IN_BATCH)
        _whole(self, "seed", 0, MOST)
        _whole(self, "measure_every", 0, 10**9)
        _whole(self, "evaluate_every", 0, 10**9)
        if self.learning_rate is not None:
            _number(self, "learning_rate", 0, 100, above=True)
        for name in ("distil", "augment", "average"):
            _number(self, name, 0, 1)
        for name in ("replay", "warmup"):
            _number(self, name, 0, 1)
            if getattr(self, name) == 1:
                raise SettingsError(f"{_plain(name)} must be less than 1. Use 0.5, say.")
        try:
            object.__setattr__(self, "schedule", Schedule(self.schedule))
        except ValueError:
            known = ", ".join(schedule.value for schedule in Schedule)
            raise SettingsError(
                f"There is no learning rate schedule {self.schedule!r}. Choose one of: {known}."
            ) from None

    def to_json(self) -> dict[str, Any]:
        """Plain JSON types only."""
        return {**asdict(self), "schedule": self.schedule.value}

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Settings:
        """The inverse of `to_json`; settings that are not given get their defaults."""
        wanted = "Settings are read from a mapping of their names, such as to_json() gives"
        check_kind(document, Mapping, wanted, SettingsError)
        known = {field.name for field in fields(cls)}
        unknown = sorted(map(str, set(document) - known))
        if unknown:
            raise SettingsError(
                f"There is no setting '{unknown[0]}'. The settings are: {', '.join(sorted(known))}."
            )
        return cls(**document)


def _plain(name: str) -> str:
    return "The " + name.replace("_", " ")


def _whole(settings: Settings, name: str, low: int, high: int) -> None:
    value = getattr(settings, name)
    fits = isinstance(value, Integral) and not isinstance(value, bool)
    if not fits or not low <= int(value) <= high:
        raise SettingsError(
            f"{_plain(name)} must be a whole number from {low} to {high}, not {value!r}."
        )
    object.__setattr__(settings, name, int(value))  # numpy's too


def _number(settings: Settings, name: str, low: float, high: float, *, above: bool = False) -> None:
    """above: whether `low` itself is not allowed."""
    value = getattr(settings, name)
    fits = isinstance(value, Real) and not isinstance(value, bool)
    if not fits or not low <= value <= high or (above and value == low):  # as NaN is not
        allowed = f"above {low}, up to {high}" if above else f"from {low} to {high}"
        said = f"{value:g}" if isinstance(value, float) else repr(value)
        raise SettingsError(f"{_plain(name)} must be a number {allowed}, not {said}.")
    if not isinstance(value, int | float):
        object.__setattr__(settings, name, float(value))
