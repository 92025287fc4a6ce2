"""Training samples that nearly repeat a test sample: they are kept out of training."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

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


def name_of(samples: Iterable[SampleEntry]) -> object:
    """Equal for the same samples with the same labels and targets."""
    return tuple((one.sha256, one.label, one.target) for one in samples)


class HasNear(HasFeatures):
    """The part of a desk that knows what may be trained on and what is tested on."""

    def _forget(self) -> None:
        super()._forget()
        self._known: tuple[object, dict[str, Any]] = ((), {})  # of samples and labels as they are

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
        return self._without_near(prepared)

    def tests(self) -> tuple[object, Prepared]:
        """The person's test samples and what they are called, `test_name`, of one moment."""
        while True:
            name, prepared = self.test_name(), self.prepared(Part.TEST)
            if name == self.test_name():  # else one was added, moved or deleted meanwhile
                return name, prepared

    def test_name(self) -> object:
        """Equal as long as the person's test samples are the same."""
        samples = self.workspace.manifest.samples
        return name_of(sample for sample in samples if sample.part is Part.TEST)

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
        known = "near" in self._of_now()
        if not known and unprepared(self.workspace, self.card.preprocessing) > _AT_ONCE:
            return None
        return self.near_test()

    def all_alike(self) -> tuple[str, ...]:
        """Ids of labels whose training samples all are a test sample over again. They are trained
        on nevertheless, else the label would be lost: the test says little about these.
        """
        return self._near().all_alike

    def test_copies(self, n: int) -> np.ndarray | None:
        """int64 [n]: of each test sample the place of the first that it is over again, its own
        where it is none's, told as `near_test` is; None where all differ, and where they are not n
        any more.
        """
        known = self._of_now()
        if "copies" not in known:
            from odt_core.evaluation.over_again import copies_among

            tests = self._compared(Part.TEST).samples
            known["copies"] = copies_among(tests, self._picture)
        same = known["copies"]
        return same if same is not None and len(same) == n else None

    def test_once(self, tests: Samples) -> Samples:
        """The person's test samples, one of those that are the same: those that are judged."""
        from odt_core.evaluation.over_again import once

        return once(tests, self.test_copies(len(tests)))

    def tests_judged(self) -> int:
        """How many of the person's test samples are judged, for a page that is being drawn: all,
        until it is known which are the same.
        """
        same = self._of_now().get("copies")
        return len(self.usable_samples(Part.TEST)) if same is None else len(np.unique(same))

    def leak(self) -> Leakage | None:
        """Which test samples training does see, as a label had no other training samples. Told by
        the pictures themselves: of features nobody could tell.
        """
        if not self.all_alike():  # whatever else is like a test sample is kept out
            return None
        known = self._of_now()
        if "leak" not in known:
            from odt_core.evaluation.leaks import leakage_among

            known["leak"] = leakage_among(*self._told_by(), self._picture)
        return known["leak"]

    def tests_to_judge_by(self) -> tuple[Samples, str]:
        """The person's test samples for a study, which leaves out those that say nothing new by
        itself; of features, those whose pictures say nothing new are left out here, as the sentence
        says. SampleError where none is left.
        """
        test = self.samples(Part.TEST)
        if self._features_key() is None:
            return test, ""
        train, pictures = self._told_by()
        if len(pictures) != len(test):
            return test, ""
        from odt_core.studies.judging import say_something_new

        new, left_out = say_something_new(train, pictures, self._picture)
        return test.take(new), left_out

    def _told_by(self) -> tuple[Samples, Samples]:
        """What is trained on and what is tested with, as near duplicates are told by."""
        train = self._without_near(self._compared(Part.TRAIN))
        return train.samples, self._compared(Part.TEST).samples

    def _without_near(self, prepared: Prepared) -> Prepared:
        """Of training samples, those that are trained on."""
        near = {one for one, _ in self._near().kept_out}
        if not near:
            return prepared
        kept = np.array([entry.id not in near for entry in prepared.entries], bool)
        entries = tuple(entry for entry in prepared.entries if entry.id not in near)
        return Prepared(prepared.samples.take(kept), prepared.unfit, entries)

    @property
    def _picture(self) -> tuple[int, ...] | None:
        return compared_picture(self.card.preprocessing)

    def _near(self) -> Near:
        known = self._of_now()
        if "near" not in known:
            train, test = self._compared(Part.TRAIN), self._compared(Part.TEST)
            found = near_duplicates(train.samples.x, test.samples.x, picture=self._picture)
            like = {train.entries[n.train].id: test.entries[n.test].id for n in found}
            left = {entry.label for entry in train.entries if entry.id not in like}
            alike = dict.fromkeys(e.label for e in train.entries if e.label not in left)
            out = tuple(
                (entry.id, like[entry.id])
                for entry in train.entries
                if entry.id in like and entry.label not in alike
            )
            known["near"] = Near(out, tuple(alike))
        return known["near"]

    def _of_now(self) -> dict[str, Any]:
        """What was found out about samples and labels as they are now."""
        manifest = self.workspace.manifest
        key = (
            self.card.preprocessing,
            self.task,
            manifest.labels,
            manifest.samples,
            self.workspace.missing,
        )
        if self._known[0] != key:
            self._known = (key, {})
        return self._known[1]
