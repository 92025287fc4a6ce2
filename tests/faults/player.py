"""A visitor at a desk, in a process of its own that may be killed: `python -m tests.faults.player`.

Each change is told on a pipe before it is begun ("do") and after it has returned ("done").
"""

from __future__ import annotations

import json
import os
import random
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import numpy as np

from odt_core.errors import OdtError
from odt_core.training.settings import Settings
from odt_core.worker import Worker
from odt_core.workspace import Limits, Manifest, Part, Source, Workspace, Workspaces
from pages.ui.desk import Desk

AUTOSAVE = 0.03  # seconds between automatic checkpoints
SETTINGS = Settings(epochs=80, batch_size=16, learning_rate=0.02, replay=0.5)
LIMITS = Limits(automatic_checkpoints=10_000)  # so that none is thinned out
_LABELS = 3  # of the digits, so that a run is short


def picture(number: int) -> np.ndarray:
    """uint8 [28, 28]: never the same twice."""
    rng = np.random.default_rng(number)
    item = np.zeros((28, 28), np.uint8)
    item[4:24, 4 + number % 20] = 255
    item[rng.integers(4, 24), 4:24] = rng.integers(100, 255, 20)
    return item


def visible(manifest: Manifest) -> dict[str, object]:
    """What must not be lost, but for automatic checkpoints, which a run adds by itself."""
    return {
        "samples": [[s.id, s.sha256, s.label, s.part.value] for s in manifest.samples],
        "labels": [[label.id, label.name] for label in manifest.labels],
        "kept": [entry.id for entry in manifest.checkpoints if not entry.info.kind.automatic],
    }


class Player:
    """Does one thing after the other, as a seed says."""

    def __init__(self, desk: Desk, seed: int, tell: Callable[[dict[str, object]], None]) -> None:
        self._desk, self._tell = desk, tell
        self._rng = random.Random(seed)
        self._drawn = seed * 10_000
        self._actions: list[Callable[[], object]] = [
            self.add, self.add, self.add, self.delete, self.move, self.name, self.undo, self.redo,
            self.train, self.train, self.train, self.stop, self.restore, self.keep, self.reset,
        ]  # fmt: skip
        _tell_checkpoints(desk.workspace, tell)

    def turn(self) -> None:
        """One change, whichever."""
        few = len(self._desk.workspace.manifest.samples) < _LABELS
        action = self.add if few else self._rng.choice(self._actions)
        if self._desk.busy and self._rng.random() < 0.8:
            action = self.train  # look on
        self._act(action)

    def _act(self, action: Callable[[], object]) -> None:
        """One change; that it is refused is an answer too."""
        self._tell({"do": action.__name__})
        with suppress(OdtError):
            action()
        self._tell({"done": action.__name__, **visible(self._desk.workspace.manifest)})

    def add(self) -> None:
        """A few samples of each label that is used."""
        workspace = self._desk.workspace
        for label in workspace.manifest.labels[:_LABELS]:
            items = [picture(self._drawn + k) for k in range(self._rng.randint(1, 3))]
            self._drawn += len(items)
            workspace.add_samples(items, label.id, Source.DRAW)

    def delete(self) -> None:
        """Some sample."""
        samples = self._desk.workspace.manifest.samples
        self._desk.workspace.delete_samples([self._rng.choice(samples).id] if samples else [])

    def move(self) -> None:
        """Some sample is used for testing from now on."""
        samples = self._desk.workspace.manifest.samples
        if samples:
            self._desk.workspace.move_sample(self._rng.choice(samples).id, Part.TEST)

    def name(self) -> None:
        """A new label."""
        self._desk.workspace.add_label(f"label {self._rng.randrange(1000)}")

    def undo(self) -> None:
        """One step back."""
        self._desk.workspace.undo()

    def redo(self) -> None:
        """One step forth."""
        self._desk.workspace.redo()

    def train(self) -> None:
        """Begin a run, or go on with one that was interrupted, and look on for a while."""
        found = self._desk.interrupted()
        run = self._desk.go_on(found[1]) if found else self._desk.train(SETTINGS)
        run.wait(self._rng.uniform(0, 0.5))

    def stop(self) -> None:
        """End the run, if there is one, and wait until its end is kept."""
        self._desk.stop()
        if self._desk.run is not None:
            self._desk.run.wait(10)

    def restore(self) -> None:
        """Some checkpoint becomes the visitor's model."""
        checkpoints = self._desk.workspace.manifest.checkpoints
        if checkpoints:
            self._desk.restore(self._rng.choice(checkpoints).id)

    def keep(self) -> None:
        """Keep the model by hand."""
        self._desk.save_checkpoint("kept")

    def reset(self) -> None:
        """The base model again."""
        self._desk.reset_to_base()


def _tell_checkpoints(workspace: Workspace, tell: Callable[[dict[str, object]], None]) -> None:
    """A line for each checkpoint that the workspace has taken, whoever gave it."""
    add = workspace.add_checkpoint

    def add_and_tell(*given: object, **more: object) -> object:
        entry = add(*given, **more)  # type: ignore[arg-type]
        if entry.info.kind.automatic:  # one kept by hand may be undone
            tell({"checkpoint": entry.id, "sha256": entry.sha256})
        return entry

    workspace.add_checkpoint = add_and_tell  # type: ignore[method-assign,assignment]


def save_often() -> Callable[..., None]:
    """A Worker.fit with which every run saves itself many times a second."""
    fit = Worker.fit
    return lambda self, *given, **more: fit(self, *given, **{**more, "autosave_seconds": AUTOSAVE})


def main(root: Path, seed: int, descriptor: int, tokens: list[str]) -> None:
    """Play at the desks of `tokens`, one change at each in turn."""
    Worker.fit = save_often()  # type: ignore[method-assign]
    workspaces = Workspaces(root, LIMITS)

    def teller(token: str) -> Callable[[dict[str, object]], None]:
        return lambda said: _write(descriptor, {"at": token, **said})

    players = [
        Player(Desk(workspaces.open(token)), seed * 100 + place, teller(token))
        for place, token in enumerate(tokens)
    ]
    os.write(descriptor, b'{"ready": true}\n')
    while True:
        for player in players:
            player.turn()


def _write(descriptor: int, said: dict[str, object]) -> None:
    """One line, at once: no other thread's line can come in between."""
    os.write(descriptor, (json.dumps(said) + "\n").encode())


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), sys.argv[4:])
