"""Training samples that nearly repeat a test sample: they are kept out of training."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from odt_core.samples import Samples
from odt_core.samples.near_duplicates import near_duplicates
from odt_core.workspace import Part, SampleEntry
from pages.ui.desk.features import HasFeatures
from pages.ui.prepared import Prepared, compared_picture, unprepared

if TYPE_CHECKING:
    from odt_core.evaluation import Leakage

_AT_ONCE = 40  # samples that a page prepares while it is drawn: a fifth of a second


@dataclass(frozen=True)
class Near:
    """Training samples that are too like a test sample."""

    kept_out: tuple[tuple[str, str], ...]  # (training sample, test sample), ids
    all_alike: tuple[str, ...]  # labels of which nothing else would be left


class HasNear(HasFeatures):
    """The part of a desk that knows what may be trained on and what is tested on."""

    def _forget(self) -> None:
        super()._forget()
        self._near_known: tuple[object, Near] | None = None
        self._copies_known: tuple[object, np.ndarray | None] | None = None

    def samples(self, part: Part | None) -> Samples:
        """The person's samples as model input; those that are none are left out, and of training
        samples those that are a test sample over again.
        """
        return self.prepared(part).samples

    def entries(self, part: Part | None) -> tuple[SampleEntry, ...]:
        """Which of the workspace's samples `samples(part)` are, in the same order."""
        return self.prepared(part).entries

    def prepared(self, part: Part | None) -> Prepared:
        """`samples` and `entries` of one moment."""
        prepared = self._input_of(part)
        if part is not Part.TRAIN:
            return prepared
        near = {one for one, _ in self._near().kept_out}
        if not near:
            return prepared
        kept = np.array([entry.id not in near for entry in prepared.entries], bool)
        entries = tuple(entry for entry in prepared.entries if entry.id not in near)
        return Prepared(prepared.samples.take(kept), prepared.unfit, entries)

    def unfit(self) -> int:
        """How many samples cannot be this model's input, or lack its targets."""
        return self._compared(None).unfit

    def near_test(self) -> dict[str, str]:
        """Ids of training samples that are a test sample over again, and of which: they are kept
        out of training.
        """
        return dict(self._near().kept_out)

    def near_test_known(self) -> dict[str, str] | None:
        """`near_test` for a page that is being drawn: None while it would have to wait for it.

        Drawings take milliseconds each to prepare: thousands of them are half a minute. The warm-up
        prepares them in the background.
        """
        known = self._near_known is not None and self._near_known[0] == self._near_key()
        if not known and unprepared(self.workspace, self.card.preprocessing) > _AT_ONCE:
            return None
        return self.near_test()

    def all_alike(self) -> tuple[str, ...]:
        """Ids of labels whose training samples all are a test sample over again. They are trained
        on nevertheless, else the label would be lost: the test says little about these.
        """
        return self._near().all_alike

    def test_copies(self) -> np.ndarray | None:
        """int64 [N]: of each test sample the place of the first that it is over again, its own
        where it is none's, told as `near_test` is; None where all differ.
        """
        key = self._near_key()
        if self._copies_known is None or self._copies_known[0] != key:
            from odt_core.evaluation.over_again import copies_among

            tests = self._compared(Part.TEST).samples
            picture = compared_picture(self.card.preprocessing)
            self._copies_known = (key, copies_among(tests, picture))
        return self._copies_known[1]

    def leak(self) -> Leakage | None:
        """Which test samples training does see, for a model that keeps features: of these nobody
        could tell that a picture is another one over again.
        """
        if self._features_key() is None:
            return None
        from odt_core.evaluation.leaks import leakage_among

        train, test = self._compared(Part.TRAIN), self._compared(Part.TEST)
        out = {one for one, _ in self._near().kept_out}
        kept = np.array([entry.id not in out for entry in train.entries], bool)
        picture = compared_picture(self.card.preprocessing)
        return leakage_among(train.samples.take(kept), test.samples, picture)

    def tests_to_judge_by(self) -> Samples:
        """The person's test samples for a study, which leaves out those that say nothing new by
        itself; of features, those whose pictures do are left out here.
        """
        test = self.samples(Part.TEST)
        if self._features_key() is None or len(self._compared(Part.TEST).samples) != len(test):
            return test
        leak, same = self.leak(), self.test_copies()
        new = np.ones(len(test), bool) if same is None else same == np.arange(len(same))
        if leak is not None:
            new[leak.seen] = False
        return test.take(new)

    def _near(self) -> Near:
        key = self._near_key()
        if self._near_known is None or self._near_known[0] != key:
            train, test = self._compared(Part.TRAIN), self._compared(Part.TEST)
            picture = compared_picture(self.card.preprocessing)
            found = near_duplicates(train.samples.x, test.samples.x, picture=picture)
            like = {train.entries[n.train].id: test.entries[n.test].id for n in found}
            left = {entry.label for entry in train.entries if entry.id not in like}
            alike = dict.fromkeys(e.label for e in train.entries if e.label not in left)
            out = tuple(
                (entry.id, like[entry.id])
                for entry in train.entries
                if entry.id in like and entry.label not in alike
            )
            self._near_known = (key, Near(out, tuple(alike)))
        return self._near_known[1]

    def _near_key(self) -> tuple[object, ...]:
        manifest = self.workspace.manifest
        return (
            self.card.preprocessing,
            self.task,
            manifest.labels,
            manifest.samples,
            self.workspace.missing,
        )
