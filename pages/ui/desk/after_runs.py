"""What runs left behind: whether the last one lost, with which samples and settings your model was
trained, and which checkpoints are the base model.

All are read from the runs' records on disk, so that a restart of the server forgets neither.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from odt_core.checkpoint.checkpoint import load_checkpoint
from odt_core.errors import OdtError
from odt_core.training.history import Score
from odt_core.training.settings import Settings
from odt_core.workspace import CheckpointEntry, Kind, Part
from odt_core.workspace.run_log import ACCEPTED, RunBegan, RunLog
from pages.ui.desk.runs import HasRuns
from pages.ui.desk.scores import Scores
from pages.ui.run import Snapshot

if TYPE_CHECKING:
    from odt_core.evaluation import Claims, Leakage


@dataclass(frozen=True)
class LostRun:
    """A run whose end, your model now, does worse on your test samples than what it began with."""

    id: str
    before: Score
    after: Score
    began: str | None  # the checkpoint to go back to; None: the base model


@dataclass(frozen=True)
class Result:
    """What came of a run. of_now: whether the test samples and their labels are the same still."""

    scores: Scores  # on the person's test samples
    claims: Claims  # what may be said of it
    head: str | None  # your model
    about: tuple[object, object]  # equal for the same test samples and labels of them, any name
    of_now: bool = True
    price: str = ""  # what was lost of the base test set, where that is more than chance


@dataclass(frozen=True)
class Stale:
    """What changed since your model was trained."""

    added: int  # samples for training that it has not seen
    labels: tuple[str, ...]  # names of labels that it has seen no sample of
    gone: int  # samples that it learnt from and that are not for training any more
    off: int = 0  # those that are there still, of a label that is disabled

    def __bool__(self) -> bool:
        return bool(self.added or self.gone or self.off)


@dataclass(frozen=True)
class SeenTests:
    """Ids of test samples that tell less than they should."""

    itself: tuple[str, ...]  # the model was trained on them, before they were for testing
    again: tuple[str, ...]  # it was trained on a sample that is one of them over again

    def __bool__(self) -> bool:
        return bool(self.itself or self.again)


class HasAfterRuns(HasRuns):
    """The part of a desk that looks back at runs."""

    def _forget(self) -> None:
        super()._forget()
        # Settings stay what they were; all else is kept with `_looked` as before runs were read.
        self._with: tuple[str | None, Settings | None] = None, None  # of a checkpoint
        self._seen: tuple[object, frozenset[str]] | None = None  # the same
        self._kept_run: tuple[object, Snapshot | None] | None = None  # of a head
        self._others: tuple[object, tuple[CheckpointEntry, ...]] | None = None  # of all
        self._result: Result | None = None

    def shown_run(self) -> Snapshot | None:
        """The run to look at: one that is active, or that changed nothing, else the one that made
        your model; after a restart from its file. None where no run made it.
        """
        head = self.workspace.manifest.head
        if self.run is not None and self.run.after in (None, head):
            return self.run.snapshot()
        if head is None:
            return None
        of, known = (self._looked, head), self._kept_run
        if known is None or known[0] != of:
            from pages.ui.desk.kept_curves import kept_run  # not before the first page is there

            known = of, None
            with contextlib.suppress(OdtError):  # a file that cannot be read: nothing is shown
                known = of, kept_run(self.workspace, head)
            self._kept_run = known
        return known[1]

    def result(self) -> Result | None:
        """How your model does beside the base model; None while it is not known. What came of the
        run that made it stays as it was, as its curves do, whichever samples have come since.
        """
        manifest = self.workspace.manifest
        tested = {one.label for one in manifest.samples if one.part is Part.TEST}
        on = tuple(  # by any name; a label without a test sample makes those no others
            (one.id, one.output) for one in manifest.labels if one.enabled and one.id in tested
        )
        head, about = manifest.head, (on, self.test_name())
        kept = self._result if self._result is not None and self._result.head == head else None
        if kept is not None and kept.about[0] == on:
            kept = self._called_as_now(kept)
        if kept is not None and kept.about != about:
            return replace(kept, of_now=False)
        if self.near_test_known() is None:  # nor what may be claimed
            return kept
        scores, run = self.own_scores(), self.shown_run()
        price = self._price()
        if scores is None or price is None:
            return kept  # of labels that were called otherwise
        found = Result(scores, self.claims(scores), head, about, price=price)
        test = run.evaluations[-1].test if run is not None and run.evaluations else None
        if test is not None and test.n == scores.own.different:  # else it was scored on others
            self._result = found
        return found

    def _price(self) -> str | None:
        """None while it is not known."""
        if self.card.base_test is None:
            return ""
        scores = self.base_test_scores()
        if scores is None:
            return None
        from odt_core.evaluation import price_in_words

        return price_in_words(scores.base, scores.own)

    def _called_as_now(self, result: Result) -> Result:
        """The same with the labels' present names, of which its sentences speak."""
        from odt_core.evaluation import claims

        scores, said, labels = result.scores, result.claims, self.labels
        if scores.labels.names == labels.names:
            return result
        base, own = (replace(one, names=labels.names) for one in (scores.base, scores.own))
        known = self.base_knows_of(scores.labels)
        found = claims(base, own, known, labels.names, said.leak, chosen=said.chosen)
        return replace(result, scores=Scores(base, own, labels), claims=found)

    def lost_run(self) -> LostRun | None:
        """The run that made your model, where it lost and nobody has said what to do about that."""
        manifest = self.workspace.manifest
        if self.busy or manifest.head is None:
            return None
        run_id, log = self._last_log()
        if log is None:
            return None
        made = [one.checkpoint for one in log.kept]
        test = log.ended.test if log.ended is not None else None
        head = manifest.original_of(manifest.head)
        if log.accepted or not made or made[-1] != head or test is None:
            return None
        before, after = test
        began = log.began.head if log.began is not None else None
        if not worse(before, after):
            return None
        if began is not None and manifest.checkpoint(began) is None:  # thinned out: its copy then
            kept = [manifest.checkpoint(one) for one in made]
            starts = [one.id for one in kept if one is not None and one.info.kind is Kind.START]
            if not starts:
                return None
            began = starts[0]
        return LostRun(run_id, before, after, began)

    def accept_run(self, run_id: str) -> None:
        """Keep what that run made, although it lost."""
        self.workspace.append_run(run_id, [ACCEPTED])
        self._look_again()

    def take_back(self, lost: LostRun) -> None:
        """Your model is again what it was before that run; both stay in the timeline."""
        self.restore(lost.began)
        self.run = None

    def trained_on(self, checkpoint: str | None = None) -> frozenset[str]:
        """Ids of the samples that a checkpoint was trained on, in all runs that led to it, as far
        as they were made here and are known. checkpoint: None for your model.
        """
        manifest = self.workspace.manifest
        model = checkpoint or manifest.head
        of, known = (self._looked, model), self._seen
        if known is None or known[0] != of:
            known = of, _trained_on(self._logs(), model and manifest.original_of(model))
            self._seen = known
        return known[1]

    def trained_with(self, checkpoint: str | None = None) -> Settings:
        """The settings of the last training that led to a checkpoint, as in `trained_on`; those
        that Train would use for the base model, and where its file does not say.
        """
        return self.known_settings(checkpoint) or self.settings

    def known_settings(self, checkpoint: str | None = None) -> Settings | None:
        """The same; None for the base model, and where its file does not say."""
        which, known = checkpoint or self.workspace.manifest.head, self._with
        if known[0] != which:
            known = self._with = which, self._settings_in(which) if which else None
        return known[1]

    def _settings_in(self, checkpoint: str) -> Settings | None:
        made = _after_a_step(self._logs(), self.workspace.manifest.original_of(checkpoint))
        if made is None:
            return None
        with contextlib.suppress(OdtError):  # of another version of odt, thinned out or damaged
            data = self.workspace.checkpoint_bytes(made)
            said = load_checkpoint(data).meta.settings
            return Settings.from_json(said) if said else None
        return None

    def other_checkpoints(self) -> tuple[CheckpointEntry, ...]:
        """All but those that hold the base model, from before the first step of a run that began
        with it.
        """
        checkpoints = self.workspace.manifest.checkpoints
        of, known = (self._looked, checkpoints), self._others
        if known is None or known[0] != of:
            starts = {c.id for c in checkpoints if c.info.kind is Kind.START and not c.info.steps}
            found = (log for log in self._logs() if log.began and log.began.source is None)
            same = {one.checkpoint for log in found for one in log.kept} & starts
            known = of, tuple(c for c in checkpoints if c.id not in same)
            self._others = known
        return known[1]

    def checkpoints_in_order(self) -> tuple[CheckpointEntry, ...]:
        """`other_checkpoints` of this model in the order of training: the best of a run is written
        down at its end, but stands where it was made.
        """
        present = [e for e in self.other_checkpoints() if e.model == self.model.key]
        return tuple(
            entry
            for together in _by_run(present, self._logs())
            for entry in sorted(together, key=lambda entry: entry.info.step)
        )

    def stale(self) -> Stale:
        """What your model, trained here, does not know of the samples as they are now."""
        seen = frozenset() if self.busy else self.trained_on()
        if not seen:
            return Stale(0, (), 0)
        manifest, near = self.workspace.manifest, self.near_test_known() or {}
        labels = {label.id: label.name for label in manifest.labels if label.enabled}
        now = {sample.id: sample.label for sample in self.usable_samples(Part.TRAIN)}
        added = [one for one in now if one not in seen and one not in near]
        known = {label for one, label in now.items() if one in seen}
        fresh = dict.fromkeys(now[one] for one in added if now[one] not in known)
        names = tuple(labels[label] for label in fresh if label in labels)
        left = seen - set(now)
        disabled = {label.id for label in manifest.labels if not label.enabled}
        there = (one for one in manifest.samples if one.id in left and one.part is Part.TRAIN)
        off = sum(one.label in disabled for one in there)
        return Stale(len(added), names, len(left) - off, off)

    def seen_tests(self, checkpoint: str | None = None) -> SeenTests:
        """The test samples that a checkpoint, as in `trained_on`, has seen the answer of."""
        seen = self.trained_on(checkpoint)
        tests = [s.id for s in self.workspace.manifest.samples if s.part is Part.TEST]
        itself = tuple(one for one in tests if one in seen)
        near = self.near_test() if seen else {}
        again = {test for train, test in near.items() if train in seen}
        return SeenTests(itself, tuple(one for one in tests if one in again - seen))

    def trained_tests(self, checkpoint: str | None = None) -> Leakage | None:
        """Which of the person's test samples say nothing new of a checkpoint, as in `trained_on`:
        it was trained on them, or on what they repeat.
        """
        from odt_core.evaluation.leaks import joined, trained_earlier

        seen, entries = self.seen_tests(checkpoint), self.entries(Part.TEST)
        ids = {*seen.itself, *seen.again}
        earlier = [at for at, entry in enumerate(entries) if entry.id in ids]
        return joined(trained_earlier(earlier, len(entries)), self.leak())

    def claims(self, scores: Scores) -> Claims:
        """What may be said of both models on the person's test samples."""
        from odt_core.evaluation import claims

        leak = self.trained_tests()
        head = None if self.busy else self.workspace.manifest.head_entry
        return claims(
            scores.base,
            scores.own,
            self.base_knows,
            scores.labels.names,
            leak if leak is not None and leak.n == scores.own.n else None,
            chosen=head is not None and head.info.chosen,
        )

    def _logs(self) -> list[RunLog]:
        found = []
        for run in self.workspace.runs():
            try:
                found.append(self._log_of(run.id))
            except OdtError:  # its file cannot be read: what it was trained on is not known
                continue
        return found


def worse(before: Score, after: Score) -> bool:
    """Fewer right answers, pixels or words, or for a model of numbers a larger squared error."""
    if before.correct is not None and after.correct is not None:
        return after.correct < before.correct
    if before.places_right is not None and after.places_right is not None:
        return after.places_right < before.places_right
    return (after.mean_squared_error or 0.0) > (before.mean_squared_error or 0.0)


def _by_run(entries: Iterable[CheckpointEntry], runs: list[RunLog]) -> list[list[CheckpointEntry]]:
    """Those that one run made together, any other alone."""
    made = {one.checkpoint: at for at, log in enumerate(runs) for one in log.kept}
    found: list[list[CheckpointEntry]] = []
    for entry in entries:
        if found and _of_one_run(found[-1][-1], entry, made):
            found[-1].append(entry)
        else:
            found.append([entry])
    return found


def _of_one_run(before: CheckpointEntry, entry: CheckpointEntry, made: dict[str, int]) -> bool:
    """Whether the run that made one checkpoint made the next. made: by which run, where its file
    says so; else a run goes on until an end, a start or what no run makes.
    """
    if entry.id in made:
        return made.get(before.id) == made[entry.id]
    one, other = before.info.kind, entry.info.kind
    return one.of_a_run and other.of_a_run and one is not Kind.END and other is not Kind.START


def _back(
    runs: list[RunLog], checkpoint: str | None
) -> Iterator[tuple[str, RunBegan | None, int | None]]:
    """A checkpoint, and those that trainings led to it from, each with the run and the step that
    made it, as far as they are known.
    """
    made = {one.checkpoint: (log.began, one.step) for log in runs if log.began for one in log.kept}
    while checkpoint is not None:
        began, step = made.pop(checkpoint, (None, None))
        yield checkpoint, began, step
        checkpoint = began.source if began else None


def _after_a_step(runs: list[RunLog], checkpoint: str) -> str | None:
    """The checkpoint that a training made of the same weights: of one from before the first step of
    a run, what that began with; None for the base model.
    """
    return next((one for one, _, step in _back(runs, checkpoint) if step != 0), None)


def _trained_on(runs: list[RunLog], head: str | None) -> frozenset[str]:
    """The ids of all samples that the weights of `head` have seen."""
    passed = (began for _, began, step in _back(runs, head) if began is not None and step != 0)
    return frozenset(one for began in passed for one in began.trained_on)
