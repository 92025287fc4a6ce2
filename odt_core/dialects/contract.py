"""What each signature of a model is for, as plain frozen data: what dialect.py finds out."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from enum import Enum
from typing import Any

import numpy as np

from odt_core.errors import SignatureError
from odt_core.samples.masks import VOID
from odt_core.scaling import Scaling

LOSS_NAME = "loss reported by the model"


class Task(Enum):
    """What the model is asked to get right, and so what its samples' targets are."""

    CLASSES = "classes"  # K >= 2 scores; y: int64 [N]
    BINARY = "binary"  # one sigmoid or logit, two labels; y: int64 [N], 0 or 1
    VALUES = "values"  # numbers; y: float32 [N, *target_shape]
    RECONSTRUCTION = "reconstruction"  # the samples themselves; y says nothing else


class LabelKind(Enum):
    """How `train` wants its labels."""

    ONE_HOT = "one-hot"  # float [N, K]
    INTEGER = "integer"  # int [N] or [N, 1]
    VALUES = "values"  # numbers of any shape: regression, autoencoder, one sigmoid output
    SIGNS = "signs"  # −1 for the first of two labels, 1 for the second


class OutputKind(Enum):
    """What the numbers that `infer` returns are."""

    LOGITS = "logits"
    PROBABILITIES = "probabilities"
    DISTANCES = "distances"  # of K, the smallest wins; negated they are taken for logits
    UNKNOWN = "unknown"  # decided from the numbers of a first inference


_ROUNDING = 1e-4  # how far a probability may lie beyond 0 or 1


class Activation(Enum):
    """What a prediction goes through before it is compared with a target, as within the loss."""

    NONE = "none"
    SIGMOID = "sigmoid"
    SOFTMAX = "softmax"  # over the last axis


@dataclass(frozen=True)
class SampleInput:
    """One of several inputs that take a sample together, each a part of its numbers. shape: without
    the batch. dtype: numpy's name.
    """

    name: str
    shape: tuple[int, ...]
    dtype: str

    @property
    def size(self) -> int:
        """How many of a sample's numbers it takes."""
        return math.prod(self.shape)

    @property
    def whole(self) -> bool:
        """Whether they are whole numbers, such as ids, or yes and no."""
        return np.dtype(self.dtype).kind in "biu"


@dataclass(frozen=True)
class TrainRole:
    """One `train` signature: which input takes what, which output is the loss.

    labels: None where `train` takes samples alone (an autoencoder that is its own teacher).
    first_label: the number by which `train` wants output 0; 1 where labels go from 1 to K.
    learning_rate: the input that takes the rate with every step, where there is one. beside: the
    inputs that take the rest of a sample, where `samples` takes only the first of its parts. mask:
    the input that says which of a sample's ids are none but padding, and the input of these ids.
    blank: inputs for which there is nothing to give but zeros, whatever they are called.
    scaling, target_scaling: what brings samples and targets, as predicting takes and gives them, to
    what `train` takes; None where that is the same.
    """

    signature: str
    samples: str
    labels: str | None
    label_kind: LabelKind
    loss: str | None  # None: it returns none
    batch: int | None  # None: any batch size
    learning_rate: str | None = None
    beside: tuple[str, ...] = ()
    mask: tuple[str, ...] = ()
    first_label: int = 0
    blank: tuple[str, ...] = ()
    scaling: Scaling | None = None
    target_scaling: Scaling | None = None


@dataclass(frozen=True)
class InferRole:
    """The `infer` signature: which input takes the samples, which output is the prediction.

    on_features: it takes what `load` computes (ExtractRole), not the samples themselves. beside,
    mask, blank: as of TrainRole, the first in the same order.
    """

    signature: str
    samples: str
    prediction: str
    kind: OutputKind
    batch: int | None
    on_features: bool = False
    beside: tuple[str, ...] = ()
    mask: tuple[str, ...] = ()
    blank: tuple[str, ...] = ()


@dataclass(frozen=True)
class ExtractRole:
    """`load(feature) -> bottleneck`: the part of a model before what `train` takes.

    reads: the variables it computes with. frozen: `train` changes none of them, so that a sample's
    bottleneck stays the same for a whole run.
    """

    signature: str
    samples: str
    features: str
    batch: int | None
    reads: tuple[str, ...] = ()
    frozen: bool = True


@dataclass(frozen=True)
class Contract:
    """What each signature is for. `notes` says in plain words what is missing or was guessed."""

    train: tuple[TrainRole, ...]  # largest batch first; empty: cannot be trained
    infer: InferRole | None
    input_shape: tuple[int, ...]  # of one sample, no batch dimension
    outputs: int | None  # K, number of outputs; 1 for BINARY; None where there is no such number
    learning_rate: str | None  # signature that sets it
    state: bool  # the two state signatures are there
    notes: tuple[str, ...] = ()
    task: Task = Task.CLASSES
    target_shape: tuple[int, ...] = ()  # of one target, for VALUES and RECONSTRUCTION
    extract: ExtractRole | None = None
    feature_shape: tuple[int, ...] = ()  # of what `train` takes; input_shape without `extract`
    infer_features: InferRole | None = None  # says what `infer` does, from what `extract` computed
    initialise: str | None = None  # run once on a new session whose weights are not set without it
    evaluate: str | None = None  # the model's own scoring, for people to know of
    loss_note: str = LOSS_NAME  # what to call the loss, and what is known of it
    input_dtype: str = "float32"  # of the samples, numpy's name
    free_axes: tuple[int, ...] = ()  # axes of input_shape that may have any size
    free_targets: tuple[int, ...] = ()  # axes of target_shape with the sample's size of that axis
    comparable: bool = True  # a prediction has as many numbers as its target
    activation: Activation = Activation.NONE  # of predictions of values, such as masks
    scores_each: int = 0  # K, where a prediction has K scores for each of a target's class numbers
    targets_are_probabilities: bool = False  # those of values, to the loss
    rows_are_one_hot: bool = False  # of K probabilities in a row of a target one is right
    sample_inputs: tuple[SampleInput, ...] = ()  # where several take a sample together
    given_back: str | None = None  # of them, the one that is learnt again, beside the others
    # What black and white are to it, where known; of pictures, and rows that may be such.
    pixel_range: tuple[float, ...] = ()
    looks_up: bool = False  # rows of a table, by the whole numbers that it takes

    @property
    def trainable(self) -> bool:
        """Whether there is a `train` signature that was understood."""
        return bool(self.train)

    @property
    def sets_learning_rate(self) -> bool:
        """Whether the learning rate can be chosen."""
        return self.learning_rate is not None or any(role.learning_rate for role in self.train)

    @property
    def input_sizes(self) -> dict[str, int]:
        """How many of a sample's numbers go to which input; empty where all go to one."""
        return {one.name: one.size for one in self.sample_inputs}

    def part(self, x: np.ndarray, name: str) -> np.ndarray:
        """Of samples x [N, M] of several inputs the numbers that one of these takes, in its shape.
        KeyError where there is none of that name.
        """
        at = 0
        for one in self.sample_inputs:
            if one.name == name:
                return x[:, at : at + one.size].reshape(len(x), *one.shape)
            at += one.size
        raise KeyError(name)

    @property
    def whole_numbers(self) -> np.ndarray:
        """Which of a sample's numbers are whole ones, such as ids, or yes and no: bool
        [*input_shape], or [] for all alike.
        """
        if self.sample_inputs:
            return np.concatenate([np.full(one.size, one.whole) for one in self.sample_inputs])
        return np.array(np.dtype(self.input_dtype).kind in "biu")

    @property
    def ids(self) -> np.ndarray:
        """Which of a sample's numbers name rows of a table, as `whole_numbers`."""
        return np.asarray(self.whole_numbers & self.looks_up)

    @property
    def classifies(self) -> bool:
        """Whether predictions are scores of labels."""
        if self.task is Task.BINARY:
            return True
        return self.task is Task.CLASSES and self.outputs is not None and self.outputs >= 2

    @property
    def keeps_features(self) -> bool:
        """Whether a sample is needed no more once `extract` has computed its features: training and
        predicting take them as well.
        """
        if self.extract is None or not self.extract.frozen:
            return False
        return self.infer_features is not None or bool(self.infer and self.infer.on_features)

    def are_features(self, shape: tuple[int, ...]) -> bool:
        """Whether samples of a shape [N, …] are features already, of a model that keeps them."""
        return self.keeps_features and tuple(shape[1:]) == self.feature_shape

    def takes(self, shape: tuple[int, ...]) -> bool:
        """Whether one sample may have this shape."""
        return len(shape) == len(self.input_shape) and all(
            got == want or axis in self.free_axes
            for axis, (got, want) in enumerate(zip(shape, self.input_shape, strict=True))
        )

    def sized(self, shape: tuple[int, ...]) -> Contract:
        """The same with targets as samples of this shape have them; as it is where the model does
        not take such.
        """
        if not self.free_targets or not self.takes(shape):
            return self
        target = list(self.target_shape)
        for axis in self.free_targets:
            target[axis] = shape[axis]
        return replace(self, target_shape=tuple(target))

    @property
    def measures_errors(self) -> bool:
        """Whether predictions are numbers that targets can be compared with."""
        return self.task in (Task.VALUES, Task.RECONSTRUCTION)

    @property
    def scored(self) -> bool:
        """Whether predictions can be compared with labels or targets."""
        if self.infer is None:
            return False
        return self.classifies or (self.measures_errors and self.comparable)

    @property
    def one_of_classes(self) -> bool:
        """Whether each pixel or word is one of several classes, for each of which an answer has a
        score; else each may be there or not.
        """
        return self.rows_are_one_hot or bool(self.scores_each)

    @property
    def tells_places(self) -> bool:
        """Whether targets of values may be classes: of each pixel or word, say."""
        learnt = self.targets_are_probabilities or self.one_of_classes
        probable = self.infer is not None and self.infer.kind is OutputKind.PROBABILITIES
        return self.task is Task.VALUES and (learnt or probable)

    @property
    def asked_targets(self) -> tuple[int, ...] | None:
        """The shape of the target that a person gives with each sample; None where they give a
        label, or nothing.
        """
        return self.target_shape if self.task is Task.VALUES else None

    def why_not_learnt(self, target: np.ndarray) -> str | None:
        """What is wrong with targets of values, as the end of a sentence about them; None where
        they can be learnt. Below 0 and 255 may mean that a pixel or word belongs to no class.
        """
        if self.task is not Task.VALUES or not target.size:
            return None
        if self.scores_each:
            wrong = (target != np.floor(target)) | ((target >= self.scores_each) & (target != VOID))
            if wrong.any():
                return (
                    f"class {target[wrong].flat[0]:g}; this model tells {self.scores_each} apart, "
                    f"0 to {self.scores_each - 1}"
                )
        elif (
            self.targets_are_probabilities
            and self.comparable
            and (target.min() < -_ROUNDING or target.max() > 1 + _ROUNDING)
        ):
            beyond = target.max() if target.max() > 1 + _ROUNDING else target.min()
            return f"{beyond:g}; this model learns probabilities, from 0 to 1"
        return None

    def why_not_given_back(self, x: np.ndarray, y: np.ndarray) -> str | None:
        """What is wrong with targets y beside samples x [N, …], as a sentence, where the model is
        taken for one that gives x back and y says otherwise; None where nothing is dropped.
        """
        takes_targets = any(role.labels is not None for role in self.train)
        if self.task is not Task.RECONSTRUCTION or not takes_targets or y.size != x.size:
            return None
        if np.array_equal(np.asarray(y, np.float32).reshape(x.shape), np.asarray(x, np.float32)):
            return None
        return (
            "The targets have the samples' shape and differ from them, and this model is taken for "
            "one that learns to give its input back. If it learns the targets, say so: "
            "model.with_choice(odt.Choice(task=odt.Task.VALUES)), or --use task=values. If not, "
            "leave them out."
        )

    @property
    def labels_count(self) -> int:
        """How many label names a card must have: K, 2 for BINARY, 0 for numbers."""
        if self.task is Task.BINARY:
            return 2
        return (self.outputs or 0) if self.task is Task.CLASSES else 0

    def to_json(self) -> dict[str, Any]:
        """Plain JSON types only."""
        return asdict(self, dict_factory=_plain)

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Contract:
        """The inverse of `to_json`."""
        extract = document["extract"]
        known = {
            **document,
            "train": tuple(
                TrainRole(
                    **{
                        **role,
                        "label_kind": LabelKind(role["label_kind"]),
                        "beside": tuple(role["beside"]),
                        "mask": tuple(role["mask"]),
                        "blank": tuple(role["blank"]),
                        "scaling": Scaling.from_json(role["scaling"]),
                        "target_scaling": Scaling.from_json(role["target_scaling"]),
                    }
                )
                for role in document["train"]
            ),
            "infer": _infer_role(document["infer"]),
            "infer_features": _infer_role(document["infer_features"]),
            "extract": ExtractRole(**{**extract, "reads": tuple(extract["reads"])})
            if extract
            else None,
            "task": Task(document["task"]),
            "activation": Activation(document["activation"]),
            "sample_inputs": tuple(
                SampleInput(one["name"], tuple(one["shape"]), one["dtype"])
                for one in document["sample_inputs"]
            ),
        }
        for name in (
            "input_shape",
            "target_shape",
            "feature_shape",
            "free_axes",
            "free_targets",
            "notes",
            "pixel_range",
        ):
            known[name] = tuple(document[name])
        return cls(**known)


def _infer_role(document: Mapping[str, Any] | None) -> InferRole | None:
    if document is None:
        return None
    listed = {name: tuple(document[name]) for name in ("beside", "mask", "blank")}
    return InferRole(**{**document, "kind": OutputKind(document["kind"]), **listed})


@dataclass(frozen=True)
class Choice:
    """What a person decided by hand: names of signatures, inputs, outputs. None: as proposed.

    Raises SignatureError for a kind or task that there is not.
    """

    train: str | None = None
    samples: str | None = None
    labels: str | None = None
    loss: str | None = None
    infer: str | None = None
    infer_samples: str | None = None
    prediction: str | None = None
    output_kind: OutputKind | None = None
    label_kind: LabelKind | None = None
    task: Task | None = None
    learning_rate: str | None = None  # the input of `train` that takes it with every step

    def __post_init__(self) -> None:
        for name, kind in (("output_kind", OutputKind), ("label_kind", LabelKind), ("task", Task)):
            value = getattr(self, name)
            try:
                object.__setattr__(self, name, None if value is None else kind(value))
            except ValueError:
                known = ", ".join(one.value for one in kind)
                raise SignatureError(
                    f"There is no {name.replace('_', ' ')} {value!r}. Choose one of: {known}."
                ) from None

    def __bool__(self) -> bool:
        """Whether anything was chosen at all."""
        return any(getattr(self, field.name) is not None for field in fields(self))

    def to_json(self) -> dict[str, Any]:
        """Plain JSON types only."""
        return asdict(self, dict_factory=_plain)

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Choice:
        """The inverse of `to_json`; unknown fields are left out, missing ones are None."""
        given = {field.name: document.get(field.name) for field in fields(cls)}
        known: dict[str, Any] = {name: str(one) for name, one in given.items() if one is not None}
        return cls(**known)


def _plain(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    return {
        name: value.value
        if isinstance(value, Enum)
        else list(value)
        if isinstance(value, tuple)
        else value
        for name, value in pairs
    }
