"""Which model is being personalised, and what its card says."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from odt_core.bundled import ModelCard, bundled_models, default_card, find_card
from odt_core.errors import ModelError
from odt_core.workspace import Workspace
from pages.ui.desk.worker import HasWorker, bundled_path

if TYPE_CHECKING:
    from odt_core.runtime.worker import Worker


class HasModel(HasWorker):
    """The part of a desk that chooses and describes the model."""

    def __init__(self, workspace: Workspace) -> None:
        super().__init__(workspace)
        self._cards: dict[str, ModelCard] = {}

    @property
    def card(self) -> ModelCard:
        """Its card; for an uploaded model the worker has to look into the file first."""
        model = self.model
        if model.key not in self._cards:
            found = find_card(bundled_path(model.bundled)) if model.bundled else None
            self._cards[model.key] = found or _card_of(self.worker(), model.name)
        return self._cards[model.key]

    def choose_bundled(self, stem: str) -> None:
        """Personalise a bundled model from now on."""
        known = {path.stem for path in bundled_models()}
        if stem not in known:
            raise ModelError(f"There is no bundled model '{stem}'. Choose one of the list.")
        card = find_card(bundled_path(stem))
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
