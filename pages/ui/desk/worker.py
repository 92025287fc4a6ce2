"""The process that runs the model: one a desk, its own session at the workspace's head."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from odt_core.bundled import ModelCard, bundled_models, find_card
from odt_core.checkpoint.checkpoint import load_checkpoint
from odt_core.errors import ModelError, WorkspaceError
from odt_core.workspace import ModelEntry, Workspace
from pages.ui.desk.state import State
from pages.ui.turns import meanwhile

if TYPE_CHECKING:
    from pathlib import Path

    from odt_core.dialects.contract import Choice
    from odt_core.worker.remote import Worker

ELSEWHERE = "not at a checkpoint of the workspace"  # so the next answer goes to the head first


@dataclass(frozen=True)
class ModelFile:
    """A model as a worker loads it."""

    data: bytes
    card: ModelCard | None  # None for a model that came without one
    name: str
    choice: Choice | None


@dataclass(frozen=True, eq=False)
class Held:
    """What the worker's own session holds; another one each time that is moved."""

    head: str | None  # the checkpoint; None: the base model


class HasWorker(State):
    """The part of a desk that owns the worker."""

    def __init__(self, workspace: Workspace) -> None:
        super().__init__(workspace)
        self._worker: Worker | None = None
        self._worker_model: ModelEntry | None = None  # what the worker has loaded
        self._held = Held(None)
        self._closed = False

    @property
    def _worker_head(self) -> str | None:
        """The checkpoint that the worker's own session holds."""
        return self._held.head

    @_worker_head.setter
    def _worker_head(self, head: str | None) -> None:
        self._held = Held(head)

    def worker(self) -> Worker:
        """The process that runs the model, its own session at the workspace's head."""
        self.used = time.monotonic()
        with self._lock:
            if self._closed:  # a page that still holds it; the next run of the page opens another
                raise WorkspaceError("This workspace was closed. Reload the page to go on.")
            if not self._worker_fits():
                self._replace_worker(self._start_worker(choice_of(self.model)))
            assert self._worker is not None
            if not self.busy:
                self._bring_to_head(self._worker)
            return self._worker

    @property
    def awake(self) -> bool:
        """Whether there is a process."""
        return self._worker is not None

    def sleep(self) -> None:
        """End the process to save memory, unless it trains; whoever needs it next starts another.

        Nothing is lost: what it has learnt is the workspace's head checkpoint.
        """
        with self._lock:
            if not self.busy:
                self._end_worker()

    def close(self) -> None:
        """End the worker for good; the workspace stays on disk, for another desk to open."""
        with self._lock:
            self._closed = True
            self._end_worker()

    def _end_worker(self) -> None:
        if self._worker is not None:
            self._worker.close()
            self._worker = None

    def _reach_worker(self) -> Worker:
        """The worker as it is, without bringing it anywhere; for the base session and a run."""
        worker = self._worker
        return worker if worker is not None and self._worker_fits() else self.worker()

    def _worker_fits(self) -> bool:
        """Whether the worker lives, and uses the model as the workspace says."""
        loaded, model = self._worker_model, self.model
        return (
            self._worker is not None
            and self._worker.alive
            and loaded is not None
            and (loaded.key, loaded.choice) == (model.key, model.choice)
        )

    def model_file(self) -> ModelFile:
        """What a process of its own needs to load the workspace's model. Raises ModelError."""
        model = self.model
        path = bundled_path(model.bundled) if model.bundled else None
        data = path.read_bytes() if path else self.workspace.model_bytes()
        assert data is not None
        card = find_card(path) if path else None
        return ModelFile(data, card, model.name, choice_of(model) or None)

    def _start_worker(self, choice: Choice | None) -> Worker:
        """A new process with the workspace's model. Raises ModelError, SignatureError."""
        return start_worker(replace(self.model_file(), choice=choice or None))

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
        self._worker_model, self._worker_head = self.model, None
        if old is not None:
            old.close()

    def _now_at(self, checkpoint_id: str) -> None:
        """The run has made this checkpoint the head; the worker's own session holds it already."""
        self._worker_head = checkpoint_id


def start_worker(file: ModelFile) -> Worker:
    """A new process with a model; others work in the meantime. ModelError, SignatureError."""
    from odt_core.worker.remote import Worker

    with meanwhile():
        return Worker.start(file.data, file.card, file.name, file.choice, meanwhile)


def choice_of(model: ModelEntry) -> Choice:
    """What a person corrected about the use of the model's signatures."""
    from odt_core.dialects.contract import Choice

    return Choice.from_json(json.loads(model.choice)) if model.choice else Choice()


def bundled_path(stem: str | None) -> Path:
    """The file of a bundled model. Raises ModelError when there is none of that name."""
    for path in bundled_models():
        if path.stem == stem:
            return path
    raise ModelError(f"The bundled model '{stem}' is not there any more. Choose another one.")
