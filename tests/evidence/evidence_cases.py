"""A small model that is personalised in an instant, and how a bundle is made of it."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, replace
from pathlib import Path
from unittest.mock import patch

import numpy as np

from odt_core.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from odt_core.evaluation import evaluate
from odt_core.evidence import Curves, Evidence, Judged, bundle, trace
from odt_core.evidence import reproduce as script
from odt_core.evidence.evidence import Bake
from odt_core.runtime import Model, load_model
from odt_core.samples import Labels, Samples
from odt_core.training import (
    Autosave,
    Callback,
    Control,
    History,
    Outcome,
    Record,
    Run,
    Settings,
    fit,
)
from tests.bright_pixels import some

MODEL = Path(__file__).parents[1] / "runtime" / "models" / "tiny_momentum.tflite"
SETTINGS = Settings(
    epochs=6, batch_size=8, learning_rate=0.1, replay=0.25, augment=0.5, average=0.5, seed=3
)


@dataclass(frozen=True)
class Trained:
    """A run and all that a bundle wants of it."""

    model: Model
    own: Samples
    test: Samples
    replay: Samples
    history: History
    saved: tuple[Checkpoint, ...]  # by Autosave, in order
    session: object

    @property
    def file(self) -> bytes:
        return save_checkpoint(self.saved[-1])

    def judged(self, samples: Samples) -> Judged:
        base = self.model.session()
        return Judged(samples, evaluate(base, samples), evaluate(self.session, samples))

    def bake(self, inference_only: bool) -> bytes:
        return self.session.bake(inference_only=inference_only)

    def bundle(self, *, bake: Bake | None = None, **changed) -> bytes:
        given = {
            "model": MODEL.read_bytes(),
            "card": replace(self.model.card, labels=self.own.labels),
            "checkpoint_file": self.file,
            "samples": self.own,
            "origin": trace(load_checkpoint(self.file), self.own, self.replay, from_base=True),
            "test": self.judged(self.test),
            "replay": self.replay,
            "contract": self.model.contract,
            "curves": Curves(
                self.history.records, self.history.evaluations, Outcome.FINISHED, "Done."
            ),
        }
        return bundle(Evidence(**{**given, **changed}), bake or self.bake)


def train(
    labels: Labels | None = None,
    *,
    settings: Settings = SETTINGS,
    count: int = 18,
    start: Checkpoint | None = None,
    stop_at: int | None = None,
    go_on: Checkpoint | None = None,
    poison_at: int | None = None,
) -> Trained:
    """One training of the small model."""
    model = load_model(MODEL)
    labels = labels or model.labels
    own, test, replay = (some(n, seed, labels) for n, seed in ((count, 0), (30, 1), (12, 2)))
    session = model.session()
    if start is not None:
        session.restore(start)
    saved: list[Checkpoint] = []
    control = Control()
    autosave = Autosave(lambda checkpoint, reason: saved.append(checkpoint), every_seconds=1e9)

    class Disturb(Callback):
        def on_step_end(self, run: Run, record: Record) -> None:
            if record.step == stop_at:
                control.stop()
            if record.step == poison_at:  # as an optimiser that diverges
                state = run.session.state()
                state["dense/kernel"][0, 0] = np.nan
                run.session.put_back(state)

    history = fit(
        session, own, settings, [autosave, Disturb()], test=test, replay=replay, control=control,
        start=go_on.progress if go_on else None,
    )  # fmt: skip
    return Trained(model, own, test, replay, history, tuple(saved), session)


def run(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """The bundle's own script, in a Python that knows no odt_core."""
    return subprocess.run(
        [sys.executable, "-I", "reproduce.py", *options],
        cwd=folder, capture_output=True, text=True, timeout=120,
    )  # fmt: skip


def check(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """The same script of the odt under test, in this process: no second Python has to start."""
    out, err = io.StringIO(), io.StringIO()
    with patch.object(script, "HERE", folder), redirect_stdout(out), redirect_stderr(err):
        code = script.main([str(folder), *options])
    return subprocess.CompletedProcess([], code, out.getvalue(), err.getvalue())


def reproduce(folder: Path, *options: str, how: Callable = check) -> tuple[int, dict]:
    """(exit code, what it says)."""
    done = how(folder, "--json", *options)
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout.splitlines()[-1])
