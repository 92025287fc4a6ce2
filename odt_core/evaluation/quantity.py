"""What models are judged by: the one number, and which way is better."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from odt_core.words import in_points

if TYPE_CHECKING:
    from odt_core.evaluation.evaluation import Evaluation
    from odt_core.training.history import Score


class Quantity(StrEnum):
    """What the mean over test samples is one of."""

    ACCURACY = "accuracy"  # 0 to 1, more is better
    RIGHT = "right pixels or words"  # 0 to 1, more is better: values that tell their classes
    ERROR = "mean squared error"  # at least 0, less is better: other models of values

    @staticmethod
    def of(measured: Evaluation | Score) -> Quantity:
        """What an evaluation, or a run's score, is judged by."""
        if measured.correct is not None:
            return Quantity.ACCURACY
        return Quantity.ERROR if measured.places_right is None else Quantity.RIGHT

    @property
    def is_share(self) -> bool:
        """Whether it is one, from 0 to 1, and more is better."""
        return self is not Quantity.ERROR

    @property
    def taught(self) -> str:
        """What samples say of themselves."""
        return "label" if self is Quantity.ACCURACY else "target"

    @property
    def of_each(self) -> str:
        """What follows a number of samples: values have no labels to take so many of."""
        return " of each label" if self is Quantity.ACCURACY else ""

    @property
    def scale(self) -> int:
        """What a gain is shown times: that of a share in points."""
        return 100 if self.is_share else 1

    def figures(self, gain: float) -> str:
        """ "+12.0" of points, or "−0.31" of the error."""
        if self.is_share:
            return in_points(gain)
        return f"{gain + 0.0:+.3g}".replace("-", "−")  # + 0.0: of no change none has a minus

    @property
    def gain_title(self) -> str:
        """What a gain, so scaled, is."""
        return "gain in points" if self.is_share else "squared error smaller by"

    @property
    def moves(self) -> tuple[str, str]:
        """What becomes of answers: the good and the bad."""
        return ("fixed", "broken") if self is Quantity.ACCURACY else ("closer", "farther")

    def better(self, one: float, other: float) -> bool:
        """Whether the first mean is the better one."""
        return one > other if self.is_share else one < other
