"""A share of something counted, with how sure one can be of it."""

from __future__ import annotations

from dataclasses import dataclass

from odt_core.evaluation.intervals import wilson


@dataclass(frozen=True)
class Proportion:
    """`correct` of `n`. Never shown without n."""

    correct: int
    n: int

    @property
    def share(self) -> float:
        """0 to 1; nan when n is 0."""
        return self.correct / self.n if self.n else float("nan")

    @property
    def interval(self) -> tuple[float, float]:
        """95 % Wilson interval; (0, 1) when n is 0."""
        return wilson(self.correct, self.n)
