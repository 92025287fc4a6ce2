"""The process that runs the model: one a desk, its own session at the workspace's head."""

from __future__ import annotations

from typing import TYPE_CHECKING

from odt_core.bundled import bundled_models, find_card
from odt_core.checkpoint.checkpoint import load_checkpoint
from odt_core.errors import ModelError
from odt_core.workspace import ModelEntry, Workspace
from pages.ui.desk.state import State

if TYPE_CHECKING:
    from pathlib import Path

    from odt_core.runtime.worker import Worker

ELSEWHERE = "not at a checkpoint of the workspace"  # so the next answer goes to the head first


class HasWorker(State):
    """The part of a desk that owns the worker."""

    def __init__(self, workspace: Workspace) -> None:
        super().__init__(workspace)
        self._worker: Worker | None = None
        self._worker_model: ModelEntry | None = None  # what the worker has loaded
        self._worker_head: str | None = None  # the checkpoint that its own session holds

    def worker(self) -> Worker:
        """The process that runs the model, its own session at the workspace's head."""
        from odt_core.runtime.worker import Worker

        with self._lock:
            model = self.model
            if self._worker is None or self._worker_model != model or not self._worker.alive:
                data = (
                    bundled_path(model.bundled).read_bytes()
                    if model.bundled
                    else self.workspace.model_bytes()
                )
                assert data is not None
                card = find_card(bundled_path(model.bundled)) if model.bundled else None
                self._replace_worker(Worker.start(data, card, name=model.name))
            assert self._worker is not None
            if not self.busy:
                self._bring_to_head(self._worker)
            return self._worker

    def close(self) -> None:
        """End the worker; the workspace stays on disk."""
        with self._lock:
            if self._worker is not None:
                self._worker.close()
                self._worker = None

    def _reach_worker(self) -> Worker:
        """The worker as it is, without bringing it anywhere; for the base session and a run."""
        worker = self._worker
        return worker if worker is not None and worker.alive else self.worker()

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


def bundled_path(stem: str | None) -> Path:
    """The file of a bundled model. Raises ModelError when there is none of that name."""
    for path in bundled_models():
        if path.stem == stem:
            return path
    raise ModelError(f"The bundled model '{stem}' is not there any more. Choose another one.")
