"""Training runs of a desk: start, pause, stop, and going on after a restart."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Collection, Iterable, Set
from dataclasses import replace

from odt_core.checkpoint.checkpoint import load_checkpoint
from odt_core.checkpoint.progress import Progress
from odt_core.errors import OdtError, TrainingError
from odt_core.samples import Samples
from odt_core.training.batches import as_trained
from odt_core.training.events import Failed
from odt_core.training.history import Outcome
from odt_core.training.settings import Settings
from odt_core.workspace import CheckpointEntry, CheckpointInfo, Kind, Part
from odt_core.workspace.run_log import (
    DISMISSED,
    RunBegan,
    RunEnded,
    RunKept,
    RunLog,
    read_log,
)
from pages.ui.base_sets import base_test_of, replay_of
from pages.ui.desk.answers import HasAnswers
from pages.ui.desk.scores import BASE_TEST
from pages.ui.desk.worker import ELSEWHERE
from pages.ui.recorder import Recorder
from pages.ui.run import Phase, Run


class HasRuns(HasAnswers):
    """The part of a desk that trains."""

    def _forget(self) -> None:
        super()._forget()
        self._look_again()

    def _look_again(self) -> None:
        """More is said of a run now than when what runs left behind was last looked at."""
        self._ended: dict[str, RunLog] = {}  # of runs that were looked at, by their ids
        self._looked = object()  # another one each time: what is kept of runs is kept with it

    @property
    def settings(self) -> Settings:
        """The settings that Train would use."""
        return Settings.from_json({**self.card.settings, **self.workspace.manifest.settings})

    @property
    def missing(self) -> str:
        """What samples training still needs, as far as that shows without looking into them; "":
        nothing.
        """
        train = self.usable_samples(Part.TRAIN)
        there = None
        if self.tells_labels:
            names = {label.id: label.name for label in self.workspace.manifest.labels}
            # another tab may have deleted a label just now
            there = {names.get(one, one) for one in {sample.label for sample in train}}
        return self._too_few(len(train), there, self.settings)

    def train(self, settings: Settings) -> Run:
        """Start a run, or return the one that is active: a double click trains nothing twice."""
        return self._begin(settings)

    def go_on(self, checkpoint_id: str) -> Run:
        """Go on from an automatic checkpoint of an interrupted run, exactly there and with its
        settings; or return the run that is active.
        """
        checkpoint = load_checkpoint(self.workspace.checkpoint_bytes(checkpoint_id))
        settings = Settings.from_json(checkpoint.meta.settings)
        own = replace(settings, batch_size=self.settings.batch_size)
        if as_trained(own, self.contract) == settings:  # it counts as that: theirs stays
            settings = own
        return self._begin(settings, checkpoint_id, checkpoint.progress)

    def _begin(
        self, settings: Settings, go_on: str | None = None, progress: Progress | None = None
    ) -> Run:
        with self._lock:
            if self.run is not None and self.busy:
                return self.run
            if not self.can_train:
                raise TrainingError(self.why_not_trained)
            prepared = self.prepared(Part.TRAIN)
            train, (test_name, tests) = prepared.samples, self.tests()
            test = self.test_once(tests.samples)
            there = {train.labels.names[k] for k in train.y} if self.tells_labels else None
            if missing := self._too_few(len(train), there, settings):
                raise TrainingError(missing)
            worker = self.worker()
            if worker.uninitialised:
                raise TrainingError(
                    "This model's file gives its variables no initial values, so there is nothing "
                    "to train on from. Upload a checkpoint of it on the Checkpoints page and "
                    "restore it, or convert the model again with odt_core.authoring."
                )
            manifest = self.workspace.manifest
            head, earlier = manifest.head, self._earlier(go_on)
            saved = None if progress is None else progress.step
            run = Run(self.workspace.start_run(), 0, len(train), head, earlier, saved)
            self._show_before(run, go_on, progress)
            recorder = Recorder(self.workspace, run, on_head=self._made)
            try:
                if settings != self.settings:
                    self.workspace.set_settings(settings.to_json())
                source = go_on or head
                began = RunBegan(
                    newest=self._newest(),
                    head=head,
                    source=source and manifest.original_of(source),
                    goes_on=go_on,
                    trained_on=tuple(entry.id for entry in prepared.entries),
                )
                self.workspace.append_run(run.id, [began.to_json()])
                replay = replay_of(self.card) if settings.replay else None
                self._worker_head = ELSEWHERE  # until the end of the run is kept
                worker.fit(
                    train,
                    settings,
                    test=test if len(test) and not self.why_unscored else None,
                    replay=replay,
                    base_test=base_test_of(self.card),
                    start=progress,
                    on_event=recorder.on_event,
                )
            except BaseException as error:
                recorder.on_event(Failed(str(error)))  # else it waits for the end for ever
                raise
            self.run = run
        threading.Thread(
            target=self._score_base,
            args=(test_name, tests.samples),
            name="odt-base-level",
            daemon=True,
        ).start()
        return run

    def _too_few(self, samples: int, labels: Set[str | None] | None, settings: Settings) -> str:
        """What is missing to train on so many samples, "" for nothing. labels: the names of theirs;
        None at a model that does not tell labels apart.
        """
        if not samples:
            return "There are no samples to train on yet. Add some, then press Train."
        if samples < 2:
            some = "some more" if labels is None else "some more, ideally five of each label"
            return f"One sample is too few to train on. Add {some}."
        if labels is None or len(labels) > 1:
            return ""
        base = replay_of(self.card)
        shown = {base.labels.names[k] for k in set(base.y.tolist())} if base is not None else set()
        others = shown - labels
        if others and settings.replay:
            return ""
        or_replay = ", or let base samples be replayed" if others else ""
        (name,) = labels
        return f"All samples so far are '{name}'. Add some of another label{or_replay}, then train."

    def _show_before(self, run: Run, go_on: str | None, progress: Progress | None) -> None:
        """The curves of what a run goes on from, before its own."""
        if go_on is None or progress is None:
            return
        from pages.ui.desk.kept_curves import kept_curves  # not before the first page is there

        with contextlib.suppress(OdtError):  # a file that cannot be read: they begin here
            before = kept_curves(self.workspace, go_on)
            if before is not None:
                run.goes_on(progress.step, before.records, before.evaluations)

    def keep(
        self,
        data: bytes,
        info: CheckpointInfo,
        trained_on: Iterable[str],
        *,
        forgotten: Collection[str] = (),
        label: str | None = None,
    ) -> CheckpointEntry:
        """Keep a checkpoint that was trained from the base model elsewhere than in a run, and make
        it your model. trained_on: ids of samples. forgotten: those that go in the same step. label:
        id of the one that goes with them, if any.
        """
        with self.changing("change your model") as workspace:
            self._save_before("before another model became yours")
            began = RunBegan(self._newest(), workspace.manifest.head, None, None, tuple(trained_on))
            run = workspace.start_run()
            if forgotten:
                kept = workspace.forget(data, info, forgotten, label)
            else:
                kept = workspace.add_checkpoint(data, info, as_head=True)
            ended = RunEnded(Outcome.FINISHED, info.step, info.step)
            lines = (began, RunKept(kept.id, info.step), ended)
            workspace.append_run(run, [line.to_json() for line in lines])
            self._look_again()  # it is your model since before its line was written
            return kept

    def _made(self, checkpoint_id: str) -> None:
        """The run has made this checkpoint the head, and then written that it did."""
        self._now_at(checkpoint_id)
        self._look_again()

    def _earlier(self, go_on: str | None) -> int:
        """The steps of training that a new run begins with."""
        manifest = self.workspace.manifest
        entry = manifest.checkpoint(go_on or manifest.head or "")
        if entry is None:
            return 0
        return entry.info.earlier if go_on else entry.info.steps  # else its own count again

    def pause(self) -> None:
        """Wait before the next step."""
        if self.run and self._worker and self.run.become(Phase.PAUSED):
            self._worker.pause()

    def resume(self) -> None:
        """Go on after a pause."""
        if self.run and self._worker and self.run.become(Phase.RUNNING):
            self._worker.resume()

    def stop(self) -> None:
        """End the run after the step that is being made."""
        if self.run and self._worker and self.run.become(Phase.STOPPING):
            self._worker.stop()

    def interrupted(self) -> tuple[str, str] | None:
        """(run id, its newest automatic checkpoint) of a run of this model that a restart, or the
        end of its process, cut short; or None.
        """
        run_id, log = self._last_log()
        if log is None or log.ended is not None or log.dismissed:
            return None
        if self.run is not None and self.run.id == run_id and self.run.phase is not Phase.FAILED:
            return None
        there = [entry for entry in self._kept_by(log) if entry.model == self.model.key]
        if not there or any(entry.info.kind is Kind.END for entry in there):
            return None
        return run_id, max(there, key=lambda entry: entry.info.step).id

    def dismiss_interrupted(self, run_id: str) -> None:
        """Do not offer to go on with that run any more."""
        self.workspace.append_run(run_id, [DISMISSED])
        self._look_again()

    def _last_log(self) -> tuple[str, RunLog | None]:
        """Id of the last run, and what its file says; ("", None) without any. One that failed, or
        was cut short, before it kept a checkpoint hides none before it.
        """
        for run in reversed(self.workspace.runs()):
            log = self._log_of(run.id)
            active = self.busy and self.run is not None and self.run.id == run.id
            over = log.ended is not None and log.ended.outcome is not None
            if active or over or log.kept or self._kept_by(log):
                return run.id, log
        return "", None

    def _kept_by(self, log: RunLog) -> list[CheckpointEntry]:
        """The checkpoints that are there of the last run that kept any."""
        saved = {one.checkpoint for one in log.kept}
        # The line of the last one may be missing: it is written after the checkpoint.
        before = log.began.newest if log.began is not None else None
        return [
            entry
            for entry in self.workspace.manifest.checkpoints
            if entry.id in saved
            or (before is not None and entry.id > before and entry.info.kind.of_a_run)
        ]

    def _log_of(self, run_id: str) -> RunLog:
        """What a run's file says; once the run has ended, or another has begun, it is read a single
        time.
        """
        known = self._ended  # another one as soon as somebody says more of the run
        log = known.get(run_id)
        if log is None:
            newest = [run.id for run in self.workspace.runs()[-1:]]
            log = read_log(self.workspace.run_records(run_id))
            if log.ended is not None or run_id not in newest:
                known[run_id] = log
        return log

    def _newest(self) -> str:
        """The newest checkpoint; ids count upwards."""
        return max((entry.id for entry in self.workspace.manifest.checkpoints), default="")

    def _score_base(self, name: object, test: Samples) -> None:
        """The base model's levels, for the dashed lines of the accuracy chart. name: of `test`."""
        with contextlib.suppress(OdtError):  # no level is drawn then
            if len(test) and not self.why_unscored:
                self._base_on(test, name)
            base_test = base_test_of(self.card)
            if base_test is not None:
                self._base_on(base_test, BASE_TEST)
