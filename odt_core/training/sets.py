"""What a run is trained on, and what it is judged by."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from odt_core.bundled import ModelCard
    from odt_core.samples import Samples


@dataclass(frozen=True)
class Sets:
    """None stands for a set that is not there: none but `own` is ever empty."""

    own: Samples  # trained on
    replay: Samples | None = None  # base samples mixed into each batch
    test: Samples | None = None  # the person's own, never trained on
    base_test: Samples | None = None  # of what the base model can do, never trained on

    @staticmethod
    def of(
        own: Samples,
        card: ModelCard,
        share: float,
        *,
        replay: Samples | None,
        test: Samples | None,
        base_test: Samples | None,
    ) -> Sets:
        """With the card's sets to replay and to be judged by where None is given. share: of each
        batch that is replayed (Settings.replay).
        """
        if replay is None and share > 0:
            replay = card.load_replay()
        if base_test is None:
            base_test = card.load_base_test()
        return Sets(own, _filled(replay) if share > 0 else None, _filled(test), _filled(base_test))

    def judged_among_own(self) -> Sets:
        """With the own labels in the base test set too: one that the person added is an answer."""
        if self.base_test is None:
            return self
        labels = self.own.labels.with_those_of(self.base_test.labels)
        return replace(self, base_test=replace(self.base_test, labels=labels))


def _filled(samples: Samples | None) -> Samples | None:
    return samples if samples is not None and len(samples) else None
