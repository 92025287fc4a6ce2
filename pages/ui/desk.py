"""A desk: what one open workspace needs in this process — the folder, the worker, the run.

All tabs of a person share one desk. Its methods may be called from any thread; none of them touches
Streamlit. The head checkpoint of the workspace is the truth about "your model": before the worker
answers for it, the worker is brought there.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from odt_core.bundled import ModelCard, bundled_models, default_card, find_card
from odt_core.checkpoint.checkpoint import load_checkpoint
from odt_core.errors import CheckpointError, ModelError, OdtError, TrainingError
from odt_core.evaluation import Evaluation, score
from odt_core.samples import Labels, Samples
from odt_core.training.settings import Settings
from odt_core.workspace import CheckpointInfo, Kind, ModelEntry, Part, Workspace
from pages.ui.base_sets import base_test_of, replay_of
from pages.ui.prepared import prepared_samples
from pages.ui.recorder import Recorder
from pages.ui.run import Phase, Run

if TYPE_CHECKING:
    from odt_core.runtime.worker import Worker


_ELSEWHERE = "not at a checkpoint of the workspace"  # so the next answer goes to the head first
BASE_TEST = "base test set"  # name of the card's frozen test set


@dataclass(frozen=True)
class Scores:
    """Base and own on the same samples."""

    base: Evaluation
    own: Evaluation


class Desk:
    """One open workspace. Made by `pages.ui.desks.Desks`."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self.run: Run | None = None
        self.used = time.monotonic()
        self._lock = threading.RLock()
        self._worker: Worker | None = None
        self._worker_model = ""  # ModelEntry.key of what the worker has loaded
        self._worker_head: str | None = None  # the checkpoint that its own session holds
        self._warmed = -1  # revision of the workspace that was warmed up for
        self._cards: dict[str, ModelCard] = {}
        self._base: dict[object, Evaluation] = {}
        self._own: dict[object, Evaluation] = {}
        if workspace.manifest.model is None:
            self.choose_bundled(bundled_models()[0].stem)

    # The model

    @property
    def model(self) -> ModelEntry:
        """The model that is being personalised."""
        model = self.workspace.manifest.model
        assert model is not None
        return model

    @property
    def card(self) -> ModelCard:
        """Its card; for an uploaded model the worker has to look into the file first."""
        model = self.model
        if model.key not in self._cards:
            found = find_card(_bundled_path(model.bundled)) if model.bundled else None
            self._cards[model.key] = found or _card_of(self.worker(), model.name)
        return self._cards[model.key]

    @property
    def labels(self) -> Labels:
        """The enabled labels at the model's outputs."""
        return self.workspace.labels()

    @property
    def trained(self) -> bool:
        """Whether your model is another one than the base model."""
        return self.workspace.manifest.head is not None or self.busy

    @property
    def busy(self) -> bool:
        """Whether a run is active."""
        return self.run is not None and self.run.phase.active

    def choose_bundled(self, stem: str) -> None:
        """Personalise a bundled model from now on."""
        known = {path.stem for path in bundled_models()}
        if stem not in known:
            raise ModelError(f"There is no bundled model '{stem}'. Choose one of the list.")
        card = find_card(_bundled_path(stem))
        assert card is not None
        with self._lock:
            self._check_idle("choose another model")
            self._save_before("before another model was chosen")
            self.workspace.set_model(card.name, card.labels, bundled=stem)

    def choose_uploaded(self, data: bytes, name: str) -> None:
        """Personalise an uploaded .tflite. Only a worker process ever looks into the bytes."""
        from odt_core.runtime.worker import Worker

        if not data:
            raise ModelError(f"'{name}' is empty. Choose a .tflite file.")
        if len(data) > self.workspace.limits.model_bytes:
            raise ModelError(
                f"'{name}' has {len(data) / 1e6:.0f} MB; at most "
                f"{self.workspace.limits.model_bytes / 1e6:.0f} MB are taken. Use a smaller model."
            )
        with self._lock:
            self._check_idle("choose another model")
            worker = Worker.start(data, None, name=name)
            try:
                card = _card_of(worker, name)
                _check_usable(worker, name)
                self._save_before("before another model was chosen")
                self.workspace.set_model(name, card.labels, data=data)
            except BaseException:
                worker.close()
                raise
            self._replace_worker(worker)
            self._cards[self.model.key] = card

    # The worker

    def worker(self) -> Worker:
        """The process that runs the model, its own session at the workspace's head."""
        from odt_core.runtime.worker import Worker

        with self._lock:
            model = self.model
            if self._worker is None or self._worker_model != model.key or not self._worker.alive:
                data = (
                    _bundled_path(model.bundled).read_bytes()
                    if model.bundled
                    else self.workspace.model_bytes()
                )
                assert data is not None
                card = find_card(_bundled_path(model.bundled)) if model.bundled else None
                self._replace_worker(Worker.start(data, card, name=model.name))
            assert self._worker is not None
            if not self.busy:
                self._bring_to_head(self._worker)
            return self._worker

    def _reach_worker(self) -> Worker:
        """The worker as it is, without bringing it anywhere; for the base session and a run."""
        worker = self._worker
        return worker if worker is not None and worker.alive else self.worker()

    def warm_up(self) -> None:
        """Do in the background what answers and training would otherwise have to wait for."""
        revision = self.workspace.revision
        if self._warmed != revision:
            self._warmed = revision
            threading.Thread(target=self._warm, name="odt-warm-up", daemon=True).start()

    def close(self) -> None:
        """End the worker; the workspace stays on disk."""
        with self._lock:
            if self._worker is not None:
                self._worker.close()
                self._worker = None

    # Answers and scores

    def answers(self, item: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Probabilities of base and own for one picture, each float32 [K]."""
        x = self.card.preprocessing.apply(item)[None]
        labels = self.labels
        worker = self._reach_worker() if self.busy else self.worker()
        base = worker.predict_proba(x, labels, which="base")
        return base[0], worker.predict_proba(x, labels, which="own")[0]

    def samples(self, part: Part | None) -> Samples:
        """The person's samples as model input."""
        return prepared_samples(self.workspace, part, self.card.preprocessing)

    def scores(self, samples: Samples, name: object) -> Scores:
        """Base and own on `samples`; `name` is equal for equal samples (results are kept)."""
        worker = self.worker()
        base = self._base_on(samples, name)
        key = (self.model.key, samples.labels, name, self.workspace.manifest.head)
        if key in self._own and not self.busy:
            return Scores(base, self._own[key])
        answer = worker.predict_proba(samples.x, samples.labels, which="own")
        own = score(answer, samples.y)
        if not self.busy:  # else the weights are moving: nothing to keep
            self._own = _newest(self._own, key, own)
        return Scores(base, own)

    def test_name(self) -> object:
        """Equal as long as the person's test samples are the same."""
        manifest = self.workspace.manifest
        return tuple(
            (sample.sha256, sample.label) for sample in manifest.samples if sample.part is Part.TEST
        )

    def base_level(self, name: object) -> float | None:
        """The base model's accuracy on the samples of that name, when it is known already."""
        labels = self.card.labels if name == BASE_TEST else self.labels
        known = self._base.get((self.model.key, labels, name))
        return known.accuracy if known else None

    # Training

    def train(self, settings: Settings, *, go_on: str | None = None) -> Run:
        """Start a run, or return the one that is active: a double click trains nothing twice.

        go_on: an automatic checkpoint of an interrupted run, to go on from exactly there.
        """
        with self._lock:
            if self.run is not None and self.busy:
                return self.run
            train, test = self.samples(Part.TRAIN), self.samples(Part.TEST)
            _check_enough(train)
            worker = self.worker()
            progress = None
            if go_on is not None:
                progress = load_checkpoint(self.workspace.checkpoint_bytes(go_on)).progress
            run = Run(self.workspace.start_run(), 0, len(train), self.workspace.manifest.head)
            recorder = Recorder(self.workspace, run, on_head=self._now_at)
            self.workspace.set_settings(settings.to_json())
            worker.fit(
                train,
                settings,
                test=test if len(test) else None,
                replay=replay_of(self.card) if settings.replay else None,
                base_test=base_test_of(self.card),
                start=progress,
                on_event=recorder.on_event,
            )
            self.run = run
        threading.Thread(
            target=self._score_base, args=(test,), name="odt-base-level", daemon=True
        ).start()
        return run

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
        """(run id, its newest automatic checkpoint) of a run that a restart cut short, or None."""
        runs = self.workspace.runs()
        if not runs or (self.run is not None and self.run.id == runs[-1].id):
            return None
        records = self.workspace.run_records(runs[-1].id)
        if any(record.get("kind") in ("end", "dismissed") for record in records):
            return None
        saved = [record["checkpoint"] for record in records if record.get("kind") == "checkpoint"]
        there = [one for one in saved if self.workspace.manifest.checkpoint(one)]
        return (runs[-1].id, there[-1]) if there else None

    def dismiss_interrupted(self, run_id: str) -> None:
        """Do not offer to go on with that run any more."""
        self.workspace.append_run(run_id, [{"kind": "dismissed"}])

    def evaluations(
        self, which: str | None, sets: Sequence[tuple[object, Samples]]
    ) -> tuple[Evaluation, ...]:
        """How a checkpoint (None: the base model) does on each set of (name, samples)."""
        if which is None:
            return tuple(self._base_on(samples, name) for name, samples in sets)
        with self._lock:
            self._check_idle("compare checkpoints")
            state = load_checkpoint(self.workspace.checkpoint_bytes(which)).state
            worker = self.worker()
            self._worker_head = _ELSEWHERE
            worker.load_state(state)
            answers = [worker.predict_proba(samples.x, samples.labels) for _, samples in sets]
            self._bring_to_head(worker)
        return tuple(
            score(answer, samples.y) for answer, (_, samples) in zip(answers, sets, strict=True)
        )

    def test_sets(self) -> list[tuple[object, Samples]]:
        """(name, samples) of what models are measured on; the first is the person's own."""
        sets: list[tuple[object, Samples]] = []
        own = self.samples(Part.TEST)
        if len(own):
            sets.append((self.test_name(), own))
        base = base_test_of(self.card)
        if base is not None:
            sets.append((BASE_TEST, base))
        return sets

    # Your model

    def reset_to_base(self) -> None:
        """Your model is the base model again; what it was stays as a checkpoint."""
        with self._lock:
            self._check_idle("go back to the base model")
            self._save_before("before the reset to the base model")
            self.workspace.set_head(None)

    def restore(self, checkpoint_id: str | None) -> None:
        """Your model is that checkpoint from now on; None is the base model."""
        with self._lock:
            self._check_idle("restore a checkpoint")
            if checkpoint_id is not None:
                # Read it before anything changes: a damaged file must not become your model.
                load_checkpoint(self.workspace.checkpoint_bytes(checkpoint_id))
            self.workspace.set_head(checkpoint_id)

    def save_checkpoint(self, note: str) -> None:
        """Keep your model as it stands, by hand."""
        with self._lock:
            self._check_idle("save a checkpoint")
            head = self.workspace.manifest.head
            entry = self.workspace.manifest.checkpoint(head) if head else None
            if entry is None:
                raise TrainingError("Your model is the base model still: there is nothing to save.")
            info = CheckpointInfo(
                Kind.MANUAL,
                entry.info.step,
                entry.info.samples,
                entry.info.own,
                entry.info.base,
                note or "saved by hand",
            )
            self.workspace.add_checkpoint(self.workspace.checkpoint_bytes(entry.id), info)

    def add_uploaded_checkpoint(self, data: bytes, name: str) -> None:
        """Keep an uploaded checkpoint after the worker has tried it on. Raises CheckpointError."""
        checkpoint = load_checkpoint(data)
        with self._lock:
            self._check_idle("upload a checkpoint")
            worker = self.worker()
            if checkpoint.meta.model_sha256 != worker.sha256:
                raise CheckpointError(
                    f"'{name}' belongs to another model than '{self.model.name}'. Choose that "
                    "model first, or upload another checkpoint."
                )
            self._worker_head = _ELSEWHERE
            worker.load_state(checkpoint.state)
            info = CheckpointInfo(
                Kind.UPLOADED, checkpoint.meta.step, 0, note=checkpoint.meta.note or name
            )
            self.workspace.add_checkpoint(data, info)

    # Inside

    def _bring_to_head(self, worker: Worker) -> None:
        head = self.workspace.manifest.head
        if head == self._worker_head:
            return
        if head is None:
            worker.reset()
        else:
            worker.load_state(load_checkpoint(self.workspace.checkpoint_bytes(head)).state)
        self._worker_head = head

    def _replace_worker(self, worker: Worker) -> None:
        old, self._worker = self._worker, worker
        self._worker_model, self._worker_head = self.model.key, None
        if old is not None:
            old.close()

    def _now_at(self, checkpoint_id: str) -> None:
        """The run has made this checkpoint the head; the worker's own session holds it already."""
        self._worker_head = checkpoint_id

    def _save_before(self, why: str) -> None:
        """An automatic checkpoint before something destructive, when there is something to lose."""
        manifest = self.workspace.manifest
        entry = manifest.checkpoint(manifest.head) if manifest.head else None
        if entry is not None and entry.info.kind.automatic:
            info = CheckpointInfo(
                Kind.BEFORE,
                entry.info.step,
                entry.info.samples,
                entry.info.own,
                entry.info.base,
                why,
            )
            self.workspace.add_checkpoint(self.workspace.checkpoint_bytes(entry.id), info)

    def _check_idle(self, what: str) -> None:
        if self.busy:
            raise TrainingError(f"Training is running. Stop it first, then {what}.")

    def _warm(self) -> None:
        with contextlib.suppress(OdtError):  # whoever needs the worker next gets the error
            self.worker()
            base_test_of(self.card)
            replay_of(self.card)
            self.samples(None)

    def _score_base(self, test: Samples) -> None:
        """The base model's levels, for the dashed lines of the accuracy chart."""
        with contextlib.suppress(OdtError):  # no level is drawn then
            if len(test):
                self._base_on(test, self.test_name())
            base_test = base_test_of(self.card)
            if base_test is not None:
                self._base_on(base_test, BASE_TEST)

    def _base_on(self, samples: Samples, name: object) -> Evaluation:
        key = (self.model.key, samples.labels, name)
        if key not in self._base:
            answer = self._reach_worker().predict_proba(samples.x, samples.labels, which="base")
            self._base = _newest(self._base, key, score(answer, samples.y))
        return self._base[key]


def _card_of(worker: Worker, name: str) -> ModelCard:
    """What can be said about a model that came without a card."""
    contract = worker.contract
    card = default_card(contract.input_shape, contract.outputs or 0, name=name)
    if contract.learning_rate is None:
        return card
    rate = worker.state("base").get("learning_rate")
    return card if rate is None else replace(card, settings={"learning_rate": float(rate)})


def _check_usable(worker: Worker, name: str) -> None:
    """ModelError unless the dashboard can train the model and tell its answers apart."""
    contract = worker.contract
    if not contract.trainable or contract.infer is None or not contract.classifies:
        raise ModelError(
            f"'{name}' cannot be personalised here. {' '.join(contract.notes)} Choose a .tflite "
            "with a train and an infer signature that tells two or more labels apart."
        )


def _check_enough(train: Samples) -> None:
    if len(train) < 2:
        raise TrainingError(
            "There are no samples to train on yet. Draw, upload or photograph some, or load an "
            "example person."
            if not len(train)
            else "One sample is too few to train on. Add some more, best five of each label."
        )
    if len(np.unique(train.y)) < 2:
        name = train.labels.names[int(train.y[0])]
        raise TrainingError(
            f"All samples have the label '{name}', so there is nothing to tell apart. Add samples "
            "of at least one more label."
        )


def _bundled_path(stem: str | None) -> Path:
    for path in bundled_models():
        if path.stem == stem:
            return path
    raise ModelError(f"The bundled model '{stem}' is not there any more. Choose another one.")


def _newest(kept: dict, key: object, value: Evaluation, limit: int = 8) -> dict:
    """`kept` with one more entry, the oldest beyond `limit` dropped."""
    entries: Sequence = [*kept.items(), (key, value)]
    return dict(entries[-limit:])
