"""Which signature of a model is for what: proposed from names, shapes and dtypes, correctable."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from enum import Enum
from typing import Any

from odt_core.graph import GET_STATE, SET_STATE, SignatureDescription, TensorDescription

# Names seen in public trainable models (design.md, "Dialects"); the most specific comes first.
TRAIN_NAMES = ("train", "train_step", "train_epoch", "training", "fit")
INFER_NAMES = ("infer", "predict", "inference", "serving_default", "forward", "call")
SAMPLE_NAMES = (
    "x",
    "x_batch",
    "feature",
    "features",
    "bottleneck",
    "image",
    "images",
    "input",
    "inputs",
)
LABEL_NAMES = ("y", "y_batch", "label", "labels", "target", "targets", "y_true")
LOSS_NAMES = ("loss", "losses", "train_loss", "output_0")
LOGIT_NAMES = ("logits", "logit")
PROBABILITY_NAMES = ("probabilities", "probability", "softmax", "probs", "scores")
PROBABILITY_OPS = ("SOFTMAX", "LOGISTIC")
PREDICTION_NAMES = (
    *LOGIT_NAMES,
    *PROBABILITY_NAMES,
    "output",
    "outputs",
    "predictions",
    "prediction",
    "output_0",
)
LEARNING_RATE_SIGNATURES = ("set_learning_rate",)


class LabelKind(Enum):
    """How `train` wants its labels."""

    ONE_HOT = "one-hot"  # float [N, K]
    INTEGER = "integer"  # int [N] or [N, 1]
    VALUES = "values"  # float, any shape: regression, autoencoder, one sigmoid output


class OutputKind(Enum):
    """What the numbers that `infer` returns are."""

    LOGITS = "logits"
    PROBABILITIES = "probabilities"
    UNKNOWN = "unknown"  # decided from the numbers of a first inference


@dataclass(frozen=True)
class TrainRole:
    """One `train` signature: which input takes what, which output is the loss."""

    signature: str
    samples: str
    labels: str
    label_kind: LabelKind
    label_rank: int
    loss: str
    batch: int | None  # None: any batch size


@dataclass(frozen=True)
class InferRole:
    """The `infer` signature: which input takes the samples, which output is the prediction."""

    signature: str
    samples: str
    prediction: str
    kind: OutputKind
    batch: int | None


@dataclass(frozen=True)
class Contract:
    """What each signature is for. `notes` says in plain words what is missing or was guessed."""

    train: tuple[TrainRole, ...]  # largest batch first; empty: cannot be trained
    infer: InferRole | None
    input_shape: tuple[int, ...]  # of one sample, no batch dimension
    outputs: int | None  # K, number of outputs
    learning_rate: str | None  # signature that sets it
    state: bool  # the two state signatures are there
    notes: tuple[str, ...] = ()

    @property
    def trainable(self) -> bool:
        """Whether there is a `train` signature that was understood."""
        return bool(self.train)

    @property
    def classifies(self) -> bool:
        """Whether predictions are scores of two or more classes."""
        return self.outputs is not None and self.outputs >= 2

    def to_json(self) -> dict[str, Any]:
        """Plain JSON types only."""
        document = asdict(self)
        for role in document["train"]:
            role["label_kind"] = role["label_kind"].value
        if document["infer"]:
            document["infer"]["kind"] = document["infer"]["kind"].value
        return document

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Contract:
        """The inverse of `to_json`."""
        infer = document["infer"]
        return cls(
            train=tuple(
                TrainRole(**{**role, "label_kind": LabelKind(role["label_kind"])})
                for role in document["train"]
            ),
            infer=InferRole(**{**infer, "kind": OutputKind(infer["kind"])}) if infer else None,
            input_shape=tuple(document["input_shape"]),
            outputs=document["outputs"],
            learning_rate=document["learning_rate"],
            state=document["state"],
            notes=tuple(document["notes"]),
        )


def propose(signatures: Iterable[SignatureDescription], known: tuple[str, ...] = ()) -> Contract:
    """The contract that names, shapes and dtypes suggest.

    known: notes about the model that come first. Never raises: what is not understood is left out
    and explained in `notes`.
    """
    by_name = {signature.name: signature for signature in signatures}
    notes = list(known)
    infer = _infer_role(by_name)
    train = _train_roles(by_name, notes)
    if infer is None:
        notes.append(
            "This model has no signature that predicts (such as 'infer'), so it cannot be tried "
            "out and its accuracy cannot be measured."
        )
    if not train and not any(note.startswith("The signature 'train") for note in notes):
        notes.append(
            "This model has no 'train' signature, so it cannot be trained; it can still be used "
            "for predictions."
        )
    shape: tuple[int, ...] = ()
    outputs: int | None = None
    if infer is not None:
        shape = _sample_shape(_find(by_name[infer.signature].inputs, infer.samples))
        prediction = _find(by_name[infer.signature].outputs, infer.prediction)
        outputs = prediction.shape[-1] if len(prediction.shape) == 2 else None
    elif train:
        shape = _sample_shape(_find(by_name[train[0].signature].inputs, train[0].samples))
    if outputs is None and train and train[0].label_kind is not LabelKind.INTEGER:
        labels = _find(by_name[train[0].signature].inputs, train[0].labels)
        outputs = labels.shape[-1] if len(labels.shape) == 2 else None
    return Contract(
        train=train,
        infer=infer,
        input_shape=shape,
        outputs=outputs,
        learning_rate=next((n for n in LEARNING_RATE_SIGNATURES if n in by_name), None),
        state=GET_STATE in by_name and SET_STATE in by_name,
        notes=tuple(notes),
    )


def _train_roles(
    by_name: Mapping[str, SignatureDescription], notes: list[str]
) -> tuple[TrainRole, ...]:
    names = [name for name in TRAIN_NAMES if name in by_name][:1]
    names += sorted(name for name in by_name if name.startswith("train_fixed_batch"))
    roles = []
    for name in names:
        signature = by_name[name]
        if len(signature.inputs) < 2 or not signature.outputs:
            notes.append(
                f"The signature '{name}' takes {len(signature.inputs)} inputs; training needs "
                "samples and labels."
            )
            continue
        samples, labels = _samples_and_labels(signature.inputs)
        loss = _pick(signature.outputs, LOSS_NAMES) or _scalar(signature.outputs)
        roles.append(
            TrainRole(
                signature=name,
                samples=samples.name,
                labels=labels.name,
                label_kind=_label_kind(labels),
                label_rank=len(labels.shape),
                loss=(loss or signature.outputs[0]).name,
                batch=samples.shape[0] if samples.shape else None,
            )
        )
    return tuple(sorted(roles, key=lambda role: -(role.batch or 0)))


def _infer_role(by_name: Mapping[str, SignatureDescription]) -> InferRole | None:
    for name in INFER_NAMES:
        signature = by_name.get(name)
        if signature is None or not signature.inputs or not signature.outputs:
            continue
        samples = _pick(signature.inputs, SAMPLE_NAMES) or signature.inputs[0]
        prediction = _pick(signature.outputs, PREDICTION_NAMES) or signature.outputs[0]
        return InferRole(
            signature=name,
            samples=samples.name,
            prediction=prediction.name,
            kind=_output_kind(prediction),
            batch=samples.shape[0] if samples.shape else None,
        )
    return None


def _output_kind(prediction: TensorDescription) -> OutputKind:
    """What the graph says counts for more than a name: many call the output of a softmax logits."""
    if prediction.producer in PROBABILITY_OPS:
        return OutputKind.PROBABILITIES
    lowered = prediction.name.lower()
    if any(known in lowered for known in LOGIT_NAMES):
        return OutputKind.LOGITS
    if any(known in lowered for known in PROBABILITY_NAMES):
        return OutputKind.PROBABILITIES
    return OutputKind.UNKNOWN


def _samples_and_labels(
    inputs: tuple[TensorDescription, ...],
) -> tuple[TensorDescription, TensorDescription]:
    labels = _pick(inputs, LABEL_NAMES)
    samples = _pick([i for i in inputs if i is not labels], SAMPLE_NAMES)
    rest = [i for i in inputs if i is not labels and i is not samples]
    if samples is None:  # the bigger one holds the samples
        samples = max(rest, key=lambda tensor: (len(tensor.shape), _count(tensor)))
        rest.remove(samples)
    return samples, labels if labels is not None else rest[0]


def _label_kind(labels: TensorDescription) -> LabelKind:
    if labels.dtype.startswith(("int", "uint")):
        return LabelKind.INTEGER
    if len(labels.shape) == 2 and (labels.shape[-1] or 0) >= 2:
        return LabelKind.ONE_HOT
    return LabelKind.VALUES


def _sample_shape(tensor: TensorDescription) -> tuple[int, ...]:
    return tuple(size or 1 for size in tensor.shape[1:])


def _count(tensor: TensorDescription) -> int:
    count = 1
    for size in tensor.shape:
        count *= size or 1
    return count


def _scalar(tensors: Iterable[TensorDescription]) -> TensorDescription | None:
    return next((tensor for tensor in tensors if _count(tensor) == 1), None)


def _pick(tensors: Iterable[TensorDescription], names: tuple[str, ...]) -> TensorDescription | None:
    by_name = {tensor.name.lower(): tensor for tensor in tensors}
    return next((by_name[name] for name in names if name in by_name), None)


def _find(tensors: Iterable[TensorDescription], name: str) -> TensorDescription:
    return next(tensor for tensor in tensors if tensor.name == name)
