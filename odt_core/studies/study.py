"""What every study shares: how far it is, and how it is stopped."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from odt_core.errors import TrainingError

Stopped = Callable[[], bool]


@dataclass(frozen=True)
class StudyProgress:
    """`done` of `total` trainings; `doing`: what is trained now, for people. way: how much of the
    work is done, 0 to 1, where that is known better: of more samples a training takes longer.
    """

    done: int
    total: int
    doing: str
    way: float | None = None

    @property
    def share(self) -> float:
        """0 to 1."""
        if self.way is not None:
            return self.way
        return self.done / self.total if self.total else 1.0


OnProgress = Callable[[StudyProgress], None]
OnShare = Callable[[float], None]  # told which share of one training is done, 0 to 1


class StudyStopped(TrainingError):  # noqa: N818 (a wish, not an error)
    """A study was stopped on request before it had anything to show."""

    def __init__(self) -> None:
        super().__init__("The study was stopped. Start it again when you like.")


def quiet(progress: StudyProgress) -> None:
    """For whoever does not want to know."""


def unheard(share: float) -> None:
    """For whoever does not want to know how far one training is."""


def never() -> bool:
    """For what is not to be stopped."""
    return False
