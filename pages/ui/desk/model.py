"""Which model is being personalised, how its signatures are used, and what its card says."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Sequence
from dataclasses import replace
from math import prod
from typing import TYPE_CHECKING

from odt_core.bundled import ModelCard, bundled_models, default_card, find_card
from odt_core.dialects.contract import Contract, Task
from odt_core.errors import LabelError, ModelError, OdtError
from odt_core.samples import Labels, Preprocessing
from odt_core.samples.masks import is_picture
from odt_core.training.batches import why_other_size
from odt_core.words import too_large
from odt_core.workspace import ModelEntry, Part, Workspace
from odt_core.workspace.manifest import SampleEntry
from pages.ui.desk.state import newest
from pages.ui.desk.worker import HasWorker, ModelFile, bundled_path, choice_of, start_worker

if TYPE_CHECKING:
    from odt_core.dialects.contract import Choice
    from odt_core.training.settings import Settings
    from odt_core.worker.remote import Worker

_PICTURE = 8  # pixels of the shorter side from which numbers are looked at as a picture
_OPEN_ENDED = 2  # labels to begin with where the file does not say how many there are


class HasModel(HasWorker):
    """The part of a desk that chooses and describes the model."""

    def __init__(self, workspace: Workspace) -> None:
        super().__init__(workspace)
        self._cards: dict[ModelEntry, ModelCard] = {}
        self._contracts: dict[ModelEntry, Contract] = {}

    @property
    def card(self) -> ModelCard:
        """Its card; for an uploaded model the worker has to look into the file first."""
        model = self.model
        if model not in self._cards:
            card = replace(self._own_card(), labels=Labels(model.outputs))
            self._cards = newest(self._cards, model, _as_said(card, _said_about(model)))
        return self._cards[model]

    @property
    def contract(self) -> Contract:
        """What each of its signatures is used for, with samples of the card's shape."""
        model = self.model
        if model not in self._contracts:
            contract = self.worker().contract.sized(self.card.input_shape)
            self._contracts = newest(self._contracts, model, contract)
        return self._contracts[model]

    @property
    def task(self) -> Task:
        """What the model learns. Bundled models tell labels apart: that needs no worker to know."""
        if self.model.as_it_came:
            return Task.CLASSES
        return self.contract.task

    @property
    def tells_labels(self) -> bool:
        """Whether samples have labels for this model; else they have targets, or nothing."""
        return self.task in (Task.CLASSES, Task.BINARY)

    @property
    def output_names(self) -> tuple[str | None, ...]:
        """What each output is called: by the label of the person's that has it, else by the model.
        None: nobody has it.
        """
        labels = self.workspace.manifest.labels
        taken = {label.output: label.name for label in labels if label.output is not None}
        return tuple(taken.get(at, name) for at, name in enumerate(self.model.outputs))

    def usable_samples(self, part: Part | None = None) -> tuple[SampleEntry, ...]:
        """The samples that this model can take and that stand for something with it, oldest first:
        those of the labels that are turned on, those with a target of its size, or all; of one part
        where it is given.
        """
        manifest, model = self.workspace.manifest, self.model
        task = self.task
        wanted = prod(self.contract.target_shape) if task is Task.VALUES else 0
        on = {label.id for label in manifest.labels if label.enabled and label.output is not None}
        return tuple(
            sample
            for sample in manifest.samples
            if part in (None, sample.part)
            if task is Task.RECONSTRUCTION
            or (sample.target_numbers == wanted if task is Task.VALUES else sample.label in on)
            if model.takes(sample)
        )

    @property
    def sees_pictures(self) -> bool:
        """Whether samples are pictures; else they are numbers."""
        return self.card.preprocessing.kind != "none"

    @property
    def sees_photos(self) -> bool:
        """Whether samples are pictures of things; else they are ink on paper, or numbers."""
        return self.card.preprocessing.kind == "image"

    @property
    def answers_pictures(self) -> bool:
        """Whether the model makes a picture of a picture, such as a mask: its targets are some."""
        shape = self.contract.target_shape
        return (
            self.task is Task.VALUES
            and self.sees_pictures
            and is_picture(shape)
            and min(shape[:2]) >= _PICTURE
        )

    @property
    def draws_answers(self) -> bool:
        """Whether answers are shown as pictures: such as a mask, or the input again."""
        return self.answers_pictures or self.task is Task.RECONSTRUCTION

    @property
    def can_predict(self) -> bool:
        """Whether there is a signature that answers."""
        return self.model.as_it_came or self.contract.infer is not None

    @property
    def why_unscored(self) -> str:
        """Why answers cannot be judged; "" when they can."""
        if not self.can_predict:
            return "This model has no signature that predicts."
        if self.model.as_it_came or self.contract.scored:
            return ""
        return (
            "This model's answers are not compared with its targets (as an embedding is not with a "
            "label), so they cannot be scored."
        )

    @property
    def reports_loss(self) -> bool:
        """Whether the model says a loss of its own while it trains."""
        return self.model.as_it_came or any(role.loss for role in self.contract.train)

    @property
    def why_unwatched(self) -> str:
        """Why no answers are judged, and what can be watched instead while the model trains."""
        watched = "The loss that it reports while training is all that can be watched."
        if not self.reports_loss:
            watched = "It reports no loss either, so nothing shows how training goes."
        return f"{self.why_unscored} {watched}"

    @property
    def can_train(self) -> bool:
        """Whether there is a signature that trains."""
        return self.model.as_it_came or self.contract.trainable

    @property
    def is_understood(self) -> bool:
        """Whether it can be trained or tried out: of any other model nothing tells what its samples
        and labels are.
        """
        return self.can_train or self.can_predict

    @property
    def why_not_trained(self) -> str:
        """Why there is none, and where to see more."""
        why = " ".join(self.contract.notes)
        return f"This model cannot be trained. {why} The Model page shows its signatures."

    @property
    def sets_learning_rate(self) -> bool:
        """Whether the rate is a setting rather than part of the file."""
        return self.model.as_it_came or self.contract.sets_learning_rate

    def why_other_size(self, settings: Settings) -> str:
        """What to know of a batch size that the model does not take; "" where it does."""
        return "" if self.model.as_it_came else why_other_size(settings, self.contract)

    def choose_bundled(self, stem: str) -> None:
        """Personalise a bundled model from now on."""
        known = {path.stem for path in bundled_models()}
        if stem not in known:
            raise ModelError(f"There is no bundled model '{stem}'. Choose one of the list.")
        card = find_card(bundled_path(stem))
        assert card is not None
        with self.changing("choose another model"):
            self._save_before("before another model was chosen")
            self.workspace.set_model(
                card.name, card.labels, bundled=stem, preprocessing=card.preprocessing
            )

    def choose_again(self, key: str) -> None:
        """Personalise an uploaded model that was chosen before (ModelEntry.key)."""
        with self.changing("choose another model"):
            self._save_before("before another model was chosen")
            self.workspace.choose_again(key)

    def choose_uploaded(self, data: bytes, name: str) -> None:
        """Personalise an uploaded .tflite. Only a worker process ever looks into the bytes.

        Raises ModelError, and keeps the present model, when there is nothing to do with it.
        """
        if not data:
            raise ModelError(f"'{name}' is empty. Choose a .tflite file.")
        if len(data) > self.workspace.limits.model_bytes:
            raise ModelError(
                f"{too_large(name, len(data), self.workspace.limits.model_bytes)}. Use a smaller "
                "model."
            )
        with self.changing("choose another model"):
            worker = start_worker(ModelFile(data, None, name, None))
            try:
                card = _card_of(worker, name)
                _check_usable(worker, name)
                self._save_before("before another model was chosen")
                self.workspace.set_model(
                    name, card.labels, data=data, preprocessing=card.preprocessing
                )
            except BaseException:
                worker.close()
                raise
            self._replace_worker(worker)

    def correct(self, choice: Choice) -> None:
        """Use the signatures as a person says. Raises SignatureError, and changes nothing, when
        that cannot work: the worker tries before the workspace is told.
        """
        with self.changing("change how the signatures are used"):
            if choice == choice_of(self.model):
                return
            worker = self._start_worker(choice)
            try:
                names = _names(worker.contract, self.model.outputs)
                said = self._said_about_card(worker.contract)
                card = _as_said(self._own_card(worker), said)
                self.workspace.describe_model(
                    Labels(names),
                    choice=choice.to_json() if choice else None,
                    card=said,
                    preprocessing=card.preprocessing,
                )
            except BaseException:
                worker.close()
                raise
            self._replace_worker(worker)

    def preprocess(self, preprocessing: Preprocessing) -> None:
        """Make the model's input as a person says."""
        with self.changing("change what the model sees"):
            own = self._own_card().preprocessing
            said = {} if preprocessing == own else {"preprocessing": preprocessing.to_json()}
            self._describe(self.model.outputs, said, preprocessing)

    def name_labels(self, names: Sequence[str]) -> None:
        """Call the outputs so, in order; "" is a free one. Raises LabelError."""
        with self.changing("rename the labels"):
            contract = self.contract
            count = contract.labels_count
            if not self.tells_labels:
                raise LabelError("This model gives numbers: there is nothing to name.")
            if count and len(names) > count:
                raise LabelError(
                    f"These are {len(names)} names, but the model has {count} outputs. Leave out "
                    f"{len(names) - count}."
                )
            if len(names) < 2 and not count:
                raise LabelError("A model that tells labels apart needs two or more. Add a name.")
            padded = [*names, *[""] * (count - len(names))]
            cleaned = [" ".join(name.split()) or None for name in padded]
            if not any(cleaned):
                raise LabelError("There is not one name among these. Give one a line.")
            self._describe(tuple(cleaned), _said_about(self.model))

    def more_outputs(self, count: int) -> tuple[str | None, ...]:
        """Names of outputs that are wanting to so many, where the file does not say how many there
        are.
        """
        present = self.model.outputs
        taken = {name for name in (*present, *self.output_names) if name}
        return tuple(str(k) if str(k) not in taken else None for k in range(len(present), count))

    def _describe(
        self,
        outputs: tuple[str | None, ...],
        card: dict,
        preprocessing: Preprocessing | None = None,
    ) -> None:
        choice = choice_of(self.model)
        self.workspace.describe_model(
            Labels(outputs),
            choice=choice.to_json() if choice else None,
            card=card or None,
            preprocessing=preprocessing,
        )
        self._worker_model = self.model  # signatures are used as before: the worker stays

    def _own_card(self, worker: Worker | None = None) -> ModelCard:
        """The card without what was said by hand; of an uploaded model it is asked of a worker."""
        model = self.model
        found = find_card(bundled_path(model.bundled)) if model.bundled else None
        return found or _card_of(worker or self.worker(), model.name)

    def _said_about_card(self, contract: Contract) -> dict | None:
        """What was said about the input, while it still fits what the model takes."""
        said = _said_about(self.model)
        shape = said.get("preprocessing", {}).get("shape", [])
        return said if contract.takes(tuple(shape)) else None


def _said_about(model: ModelEntry) -> dict:
    """What a person said about the model's input; empty for nothing."""
    return json.loads(model.card or "{}")


def _card_of(worker: Worker, name: str) -> ModelCard:
    """What can be said about a model that came without a card."""
    contract = worker.contract
    card = default_card(
        contract.input_shape,
        contract.labels_count,
        name=name,
        dtype=contract.input_dtype,
        pixel_range=contract.pixel_range,
        names=worker.description.labels,
    )
    card = replace(card, labels=Labels(_names(contract, card.labels.names)))
    if contract.learning_rate is None:
        return card
    rate = None
    with contextlib.suppress(OdtError):  # no weights yet: the rate is not known either
        rate = worker.state("base").get("learning_rate")
    return card if rate is None else replace(card, settings={"learning_rate": float(rate)})


def _as_said(card: ModelCard, said: dict | None) -> ModelCard:
    """The card with what a person said about the model's input."""
    if said and "preprocessing" in said:
        preprocessing = Preprocessing.from_json(said["preprocessing"])
        card = replace(card, preprocessing=preprocessing, input_shape=preprocessing.shape)
    return card


def _names(contract: Contract, present: Sequence[str | None]) -> tuple[str | None, ...]:
    """Names for the outputs: the present ones while they are as many, else numbers."""
    count = contract.labels_count
    if contract.task is Task.CLASSES and not count:  # the file does not say how many there are
        return tuple(present) if present else Labels.numbered(_OPEN_ENDED).names
    return tuple(present) if len(present) == count else Labels.numbered(count).names


def _check_usable(worker: Worker, name: str) -> None:
    """ModelError when the file offers nothing that a person could use or correct."""
    contract = worker.contract
    if not contract.trainable and contract.infer is None:
        others = [s for s in worker.description.signatures if not s.name.startswith("odt_")]
        if not any(signature.inputs for signature in others):
            raise ModelError(
                f"'{name}' cannot be personalised here. {' '.join(contract.notes)} Choose a "
                ".tflite with a train and an infer signature."
            )
