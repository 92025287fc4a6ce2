"""A loaded model: its bytes made runnable, what it is, and what each signature is for."""

from __future__ import annotations

import contextlib
import hashlib
import logging
import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from odt_core.dialects.contract import Choice, Contract, OutputKind, Task, TrainRole
from odt_core.dialects.dialect import propose
from odt_core.dialects.told import choice_told, with_told
from odt_core.dialects.vocabulary import is_learning_rate
from odt_core.errors import LabelError, ModelError, OdtError, SignatureError
from odt_core.graph import ModelDescription, SignatureDescription, lower
from odt_core.graph.accumulation.accumulation import accumulate
from odt_core.graph.files import read_model_file
from odt_core.kinds import check_kind, path_of
from odt_core.runtime.bottlenecks import Bottlenecks
from odt_core.runtime.file_notes import notes_of
from odt_core.runtime.frozen import Trunk, trunk_of, with_frozen_apart
from odt_core.runtime.micro_batches import micro_batch
from odt_core.runtime.remembered import Remembered
from odt_core.runtime.scores import kind_of
from odt_core.runtime.weights import weights_of
from odt_core.words import count, some_of

if TYPE_CHECKING:
    from ai_edge_litert import schema_py_generated as schema

    from odt_core.bundled import ModelCard
    from odt_core.runtime.session import Session
    from odt_core.samples import Labels, Preprocessing, RawSamples, Samples

_log = logging.getLogger(__name__)

# The rate of a model that leaves it open, until somebody says another.
DEFAULT_RATE = 0.01
_PROBES = 64  # made-up samples that tell logits from probabilities
_SHAPED_BY_DATA = frozenset({"NON_MAX_SUPPRESSION_V4", "NON_MAX_SUPPRESSION_V5", "UNIQUE", "WHERE"})


@dataclass(frozen=True, eq=False)
class Model:
    """A .tflite that is ready to run. What it is never changes; the weights that do live in a
    Session.

    Only what is kept so as not to be computed again does: `answers`, `features`, `parted` and the
    cached properties grow, `trees` is used up.
    """

    data: bytes = field(repr=False)  # lowered, with state signatures
    sha256: str  # of the original bytes: what checkpoints are bound to
    description: ModelDescription = field(repr=False)
    contract: Contract = field(repr=False)
    name: str
    path: Path | None = None
    answers: Remembered = field(default_factory=Remembered, repr=False)  # by the file's weights
    features: Bottlenecks = field(default_factory=Bottlenecks, repr=False)  # that were computed
    parted: dict[TrainRole, bytes | None] = field(default_factory=dict, repr=False)
    # `data` parsed, for the first to need it: looking for a frozen part changes the tree.
    trees: list[schema.ModelT] = field(default_factory=list, repr=False)

    @cached_property
    def card(self) -> ModelCard:
        """The JSON card beside the file, or what can be guessed from the description."""
        from odt_core.bundled import default_card

        contract = self.contract
        return self._own_card or default_card(
            contract.input_shape,
            contract.labels_count,
            name=self.name,
            dtype=contract.input_dtype,
            pixel_range=contract.pixel_range,
            names=self.description.labels,
        )

    @cached_property
    def _own_card(self) -> ModelCard | None:
        """The JSON card beside the file, if any."""
        from odt_core.bundled import find_card

        return None if self.path is None else find_card(self.path)

    @cached_property
    def apart(self) -> Model:
        """What sessions run: the model with its frozen part as a signature of its own, so that it
        runs once for each sample, not in each step; the model itself where that is not worth it.
        """
        return with_frozen_apart(self) or self  # takes as long as reading the file

    @cached_property
    def trunk(self) -> Trunk | None:
        """Of what `apart` gives, if that is not the model itself: its frozen part with constants,
        which is faster; None where it is not.
        """
        return trunk_of(self)

    def get_ready(self) -> None:
        """Make what sessions run, for whoever has time now rather than when they need it."""
        if self.apart is not self:
            _ = self.apart.trunk

    @property
    def features_of_a_sample(self) -> int | None:
        """How many numbers the frozen part makes of a sample, once; None where it has no such part
        or one that runs with each step.
        """
        contract = self.apart.contract
        if contract.extract is None or not contract.extract.frozen:
            return None
        return math.prod(contract.feature_shape)

    @property
    def has_names(self) -> bool:
        """Whether somebody has named the outputs: otherwise they have numbers."""
        from odt_core.samples import Labels

        if self.labels != Labels.numbered(len(self.labels)):  # as a baked file says
            return True
        return self._own_card is not None

    @property
    def labels(self) -> Labels:
        """Names of the outputs."""
        return self.card.labels

    @property
    def preprocessing(self) -> Preprocessing:
        """How an image becomes the model's input."""
        return self.card.preprocessing

    @property
    def variables(self) -> tuple[str, ...]:
        """Names of all variables, optimiser slots included, in the state signatures' order."""
        return tuple(variable.name for variable in self.description.variables)

    @cached_property
    def output_kind(self) -> OutputKind:
        """Whether `infer` gives logits or probabilities; where graph and names do not tell, by its
        answers to made-up samples: the same for every session, whatever that is asked. Distances,
        which `infer` negates, are logits.
        """
        infer = self.contract.infer
        if infer is not None and infer.kind is OutputKind.DISTANCES:
            return OutputKind.LOGITS
        if infer is None or infer.kind is not OutputKind.UNKNOWN or not self.contract.classifies:
            return infer.kind if infer else OutputKind.UNKNOWN
        session, rng = self.session(threads=1), np.random.default_rng(0)
        try:
            if session.uninitialised:
                session.load_state(
                    {
                        name: (0.1 * rng.normal(size=value.shape)).astype(value.dtype)
                        for name, value in self.starting_state.items()
                    }
                )
            shape = (_PROBES, *self.contract.input_shape)
            x = rng.normal(size=shape) * np.repeat([1.0, 30.0], _PROBES // 2).reshape(
                -1, *(1,) * (len(shape) - 1)
            )
            x = np.where(self.contract.whole_numbers, rng.integers(0, 2, shape), x)
            return kind_of(session.infer(x.astype(np.float32)))
        except OdtError:  # it cannot be asked
            return OutputKind.LOGITS

    @cached_property
    def starting_state(self) -> Mapping[str, np.ndarray]:
        """What a session of a file without all initial values begins with: those there are, else
        zeros, with which every optimiser begins, and DEFAULT_RATE for a learning rate. Empty where
        a variable's shape is not known.
        """
        from odt_core.graph.freezing.initial import initial_values

        given, state = initial_values(self.data), {}
        for variable in self.description.variables:
            if None in variable.shape:
                return {}
            value = DEFAULT_RATE if is_learning_rate(variable.name) else 0
            shape = tuple(size or 0 for size in variable.shape)
            state[variable.name] = given.get(variable.name, np.full(shape, value, variable.dtype))
        return state

    @property
    def shaped_by_data(self) -> bool:
        """Whether shapes inside the model depend on the numbers that it is fed.

        LiteRT then plans memory again in the middle of a call, and XNNPACK (in ai-edge-litert
        2.3.0) sometimes goes on with what it knew before: of fresh sessions of a recurrent model
        about every fifth answered its second call wrongly. Such models run without it.
        """
        return shaped_by_data(self.description)

    def session(self, *, threads: int | None = None, whole: bool = False) -> Session:
        """A new interpreter with the file's own weights; belongs to the thread that makes it.

        threads: of LiteRT, in every call; None: one, and in a run of `fit` as many as its steps are
        faster with. whole: run the frozen layers with each call as the file does, to see what that
        costs.
        """
        from odt_core.runtime.session import Session

        return Session(self, threads=threads, whole=whole)

    def in_parts(self, role: TrainRole, count: int) -> tuple[bytes, int] | None:
        """What to train a batch of `count` samples with in parts of how many; None where that
        cannot be, or does not pay.
        """
        about = self.description.signature(role.signature)
        if role.batch is not None or about is None or self.shaped_by_data:
            return None
        size = micro_batch(count, about, self._weights(about))
        if size is None:
            return None
        if role not in self.parted:
            made = None
            with contextlib.suppress(OdtError):  # the step itself may run all the same
                made = accumulate(self.data, role.signature, role.loss)
            self.parted.setdefault(role, made)  # another thread may have been faster: the same
        data = self.parted[role]
        return None if data is None else (data, size)

    def _weights(self, train: SignatureDescription) -> int:
        """How many numbers a train signature changes that predicting reads."""
        weights = weights_of(self.description, self.contract)
        trained = weights.intersection(train.assigns) if weights else train.assigns
        return sum(
            math.prod(size or 1 for size in variable.shape)
            for variable in self.description.variables
            if variable.name in trained
        )

    def prepare(
        self,
        raw: RawSamples,
        *,
        labels: Labels | None = None,
        preprocessing: Preprocessing | None = None,
    ) -> Samples:
        """Raw samples in the model's input shape, with labels or targets as its task has them.

        labels, preprocessing: in the place of the model's own. Where nobody has named the model's
        outputs, samples of as many labels name them, in the order of the alphabet; LabelError where
        they are fewer. Test samples are prepared with the labels of those to learn from.
        """
        from odt_core.samples import check_ids, prepare
        from odt_core.samples.types import check_raw

        check_raw(raw)
        check_ids(raw, self.contract.ids)
        preprocessing = preprocessing or self.preprocessing
        return prepare(
            raw,
            preprocessing,
            self._labels_for(raw) if labels is None else labels,
            self.targets_in(raw, preprocessing.shape),
            self.contract.scores_each,
            rows_are_one_hot=self.contract.rows_are_one_hot,
        )

    def _labels_for(self, raw: RawSamples) -> Labels:
        """The model's own, or the names that samples give to outputs that have but numbers."""
        if self.contract.measures_errors or self.has_names:
            return self.labels
        given = [name for name in raw.labels if name]
        named = self.labels.named_after(given)
        if told := named.counted_from_0(given):
            _log.warning("%s If they count from 1, give samples of all labels, or labels=.", told)
        found = [f"'{name}'" for name in named.names if name is not None]
        if len(found) < len(named):
            raise LabelError(
                f"The samples have {count(len(found), 'label')} ({some_of(found)}), and nobody has "
                f"named the model's {len(named)} outputs: which of them stand for these cannot be "
                "told. Say it with labels=, such as those of the samples that it learnt from "
                "(mine.labels), or model.labels.named_after(names)."
            )
        return named

    def targets_in(self, raw: RawSamples, shape: tuple[int, ...]) -> tuple[int, ...] | None:
        """The shape of the targets to take from raw samples that get a shape: those of a model of
        values; and of one that is taken for an autoencoder, such as say something else than the
        samples, so that they are not dropped unseen.
        """
        contract = self.contract.sized(shape)
        again = contract.task is Task.RECONSTRUCTION and any(role.labels for role in contract.train)
        given = [one for one in raw.targets if one is not None]
        if not again or not given or len(given) < len(raw):
            return contract.asked_targets
        pairs = zip(raw.items, given, strict=True)
        alike = all(np.array_equal(item.reshape(-1), one.reshape(-1)) for item, one in pairs)
        fits = all(one.size == math.prod(contract.target_shape) for one in given)
        return contract.target_shape if fits and not alike else None

    def with_contract(self, contract: Contract) -> Model:
        """The same model under a corrected contract."""
        return replace(
            self, contract=contract, answers=Remembered(), features=Bottlenecks(), parted={}
        )

    def with_choice(self, choice: Choice) -> Model:
        """The same model, each signature used as a person chose; SignatureError when it cannot be.

        A card given with `with_card` before is not kept: label names may mean other things now.
        """
        from odt_core.dialects.correction import correct

        check_kind(choice, Choice, "How signatures are used comes as odt.Choice", SignatureError)
        told, said = choice_told(self.description.taken_for).to_json(), choice.to_json()
        known = {**told, **{name: value for name, value in said.items() if value is not None}}
        choice = Choice.from_json(known) if choice.infer is None else choice
        about = self.description
        contract = correct(about.signatures, choice, **notes_of(about))
        return self.with_contract(with_told(contract, about.taken_for, about.signatures))

    def with_card(self, card: ModelCard) -> Model:
        """The same model with another card (labels, preprocessing, default settings)."""
        from odt_core.bundled import ModelCard

        check_kind(card, ModelCard, "A model's card comes as odt.ModelCard", ModelError)
        copy = self._with()
        copy.__dict__["card"] = card
        return copy

    def with_name(self, name: str) -> Model:
        """The same model under another name."""
        return self._with(name=name)

    def _with(self, **changes: Any) -> Model:
        """A copy that need not find out again what its sessions run."""
        copy = replace(self, **changes)
        if "apart" in self.__dict__:
            copy.__dict__["apart"] = copy if self.apart is self else self.apart
        return copy


def shaped_by_data(description: ModelDescription) -> bool:
    """As Model.shaped_by_data tells."""
    return any(_SHAPED_BY_DATA.intersection(about.ops) for about in description.signatures)


def load_model(source: str | Path | bytes, *, name: str | None = None) -> Model:
    """Read a .tflite, rewrite what LiteRT cannot run, and find out what each signature is for.

    Raises ModelError when the file cannot be read or is not a .tflite.
    """
    path = None
    if isinstance(source, bytes | bytearray | memoryview):
        original = bytes(source)
    else:
        wanted = "A model comes as the path of a .tflite, or as its bytes"
        path = path_of(source, wanted, ModelError)
        original = read_model_file(path)
    lowered = lower(original)
    description = lowered.describe()
    told = description.taken_for
    contract = propose(description.signatures, choice_told(told), **notes_of(description))
    return Model(
        data=lowered.data,
        sha256=hashlib.sha256(original).hexdigest(),
        description=description,
        contract=with_told(contract, told, description.signatures),
        name=name or (path.name if path else "model.tflite"),
        path=path,
        trees=[lowered.tree],
    )
