"""The visible state of a workspace as one immutable value: labels, samples, checkpoints, model."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Protocol, Self

from odt_core.checkpoint.tempering import Tempering
from odt_core.samples import Labels

# Bytes before the numbers, whatever their shape: NumPy leaves room for the shape to grow.
_NPY_HEADER = 128


class Part(StrEnum):
    """What a sample is for. A test sample is never trained on."""

    TRAIN = "train"
    TEST = "test"


class Source(StrEnum):
    """How a sample came in."""

    DRAW = "draw"
    UPLOAD = "upload"
    CAMERA = "camera"
    EXAMPLE = "example"


class Kind(StrEnum):
    """Why a checkpoint was made. All but MANUAL and UPLOADED are automatic."""

    START = "start"
    END = "end"
    BEST = "best"
    AUTO = "auto"
    BEFORE = "before"  # before something destructive; the note says what
    MANUAL = "manual"
    UPLOADED = "uploaded"

    @property
    def automatic(self) -> bool:
        """Whether odt made it unasked, and may thin it out unasked."""
        return self not in (Kind.MANUAL, Kind.UPLOADED)

    @property
    def of_a_run(self) -> bool:
        """Whether only a training makes such checkpoints."""
        return self in (Kind.START, Kind.AUTO, Kind.BEST, Kind.END)


@dataclass(frozen=True)
class ModelEntry:
    """The model that is being personalised: a bundled one by name, or an uploaded file."""

    name: str  # shown to the person
    bundled: str | None  # stem of a file in assets/models, or None
    sha256: str | None  # of the uploaded .tflite, which is then models/<sha256>.tflite
    outputs: tuple[str | None, ...]  # the model's own name of each output; None = free
    choice: str = ""  # what was corrected by hand about its signatures, as JSON; "" = nothing
    card: str = ""  # what was said by hand about its input, as JSON; "" = nothing
    sees_pictures: bool = True  # whether a picture can become its input
    input_size: int = 0  # numbers in one input; 0 = not known

    @property
    def key(self) -> str:
        """Same key, same model: what a checkpoint belongs to."""
        return f"bundled:{self.bundled}" if self.bundled else f"sha256:{self.sha256}"

    @property
    def as_it_came(self) -> bool:
        """Whether it is a bundled one whose signatures nobody has corrected: all is known of it."""
        return bool(self.bundled) and not self.choice

    @property
    def unnamed(self) -> bool:
        """Whether its outputs have numbers for names, as in a file that names none."""
        return not self.bundled and self.outputs == Labels.numbered(len(self.outputs)).names

    def takes(self, sample: "SampleEntry") -> bool:
        """Whether the sample is of a kind and size to be its input; True where none is known."""
        return not self.input_size or sample.fits(pictures=self.sees_pictures, size=self.input_size)


@dataclass(frozen=True)
class LabelEntry:
    """One label. `output` is None when the present model has no output left for it."""

    id: str
    name: str
    output: int | None
    enabled: bool = True


@dataclass(frozen=True)
class LeftModel:
    """How a model was left when another one was chosen."""

    key: str  # ModelEntry.key
    labels: tuple[LabelEntry, ...]  # that have samples, or are not as the model itself has them
    settings: Mapping[str, Any]


@dataclass(frozen=True)
class SampleEntry:
    """One sample. Its bytes are samples/<sha256>.<suffix>; `number` is never given twice."""

    number: int
    sha256: str
    suffix: str  # "png" or "jpg" (uint8 picture), or "npy" (float32 features)
    bytes: int
    label: str  # a LabelEntry.id, "" for a sample without a label
    part: Part
    source: Source
    origin: str  # name of the file it came from, for messages; "" when drawn
    added: float  # seconds since 1970, UTC
    target: str = ""  # the numbers that a model of values is to give: samples/<target>.npy
    target_bytes: int = 0
    moved: float = 0.0  # when a person last moved it between the parts, as `added`; 0: never
    take: str = ""  # pictures of one burst share it: they are alike, so they share the part too

    @property
    def id(self) -> str:
        """Name of the sample within its workspace."""
        return f"s{self.number}"

    @property
    def numbers(self) -> int:
        """How many numbers it holds; 0 for a picture."""
        return (self.bytes - _NPY_HEADER) // 4 if self.suffix == "npy" else 0

    @property
    def target_numbers(self) -> int:
        """How many numbers its target has; 0 without one."""
        return (self.target_bytes - _NPY_HEADER) // 4 if self.target else 0

    def fits(self, *, pictures: bool, size: int) -> bool:
        """Whether it can be the input of a model that takes pictures, or so many numbers."""
        return self.numbers == size if self.numbers else pictures


class Measured(Protocol):
    """An Evaluation, or the Score of a training."""

    @property
    def different(self) -> int: ...
    @property
    def accuracy(self) -> float | None: ...
    @property
    def mean_squared_error(self) -> float | None: ...
    @property
    def places_right(self) -> float | None: ...


@dataclass(frozen=True)
class Score:
    """An accuracy in 0..1, or the error of a model of values, and on how many different samples.
    places_right: share of pixels or words that are right, of values that tell their classes.
    """

    accuracy: float | None
    n: int
    error: float | None = None  # mean squared, where there is no accuracy
    places_right: float | None = None

    @classmethod
    def of(cls, measured: Measured) -> Self:
        """What is kept of an evaluation, or of a run's score."""
        error, places = measured.mean_squared_error, measured.places_right
        return cls(measured.accuracy, measured.different, error, places)

    @property
    def share_right(self) -> float | None:
        """Of labels, or of pixels or words; None for numbers."""
        return self.accuracy if self.places_right is None else self.places_right


@dataclass(frozen=True)
class CheckpointInfo:
    """What the maker of a checkpoint says about it."""

    kind: Kind
    step: int
    samples: int  # training samples it has seen
    own: Score | None = None  # on the person's test samples
    base: Score | None = None  # on the frozen base test set
    note: str = ""
    temperature: Tempering | None = None  # what the person lets its scores be divided by
    earlier: int = 0  # steps of the trainings that this one went on from
    copy_of: str = ""  # id of the checkpoint that it is a copy of, itself no copy; "": of none
    copied: Kind | None = None  # that one's kind

    @property
    def steps(self) -> int:
        """All steps of training in it, as far as they are known; `step` counts those of its run."""
        return self.earlier + self.step

    @property
    def chosen(self) -> bool:
        """Whether it was chosen on the person's test samples: the best of a run, or a copy."""
        return Kind.BEST in (self.kind, self.copied)


@dataclass(frozen=True)
class CheckpointEntry:
    """One checkpoint. Its bytes are checkpoints/<id>.safetensors."""

    id: str
    info: CheckpointInfo
    model: str  # ModelEntry.key
    sha256: str
    bytes: int
    added: float  # seconds since 1970, UTC

    @property
    def original(self) -> str:
        """Id by which the run that made it knows it: that of the checkpoint it is a copy of."""
        return self.info.copy_of or self.id

    def copied(self, kind: Kind, note: str) -> CheckpointInfo:
        """What a copy of it says about itself."""
        made = self.info.copied or self.info.kind
        return replace(self.info, kind=kind, note=note, copy_of=self.original, copied=made)


@dataclass(frozen=True)
class RunEntry:
    """One training run. Its records are runs/<id>.jsonl."""

    id: str
    started: float  # seconds since 1970, UTC
    note: str = ""


@dataclass(frozen=True)
class Manifest:
    """Everything a person sees of a workspace; every change makes a new one.

    `hidden` names the checkpoints that the person deleted, so that undo and redo can
    tell those from the ones that training has added since.
    """

    model: ModelEntry | None = None
    labels: tuple[LabelEntry, ...] = ()
    samples: tuple[SampleEntry, ...] = ()  # oldest first
    settings: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    checkpoints: tuple[CheckpointEntry, ...] = ()  # oldest first
    hidden: frozenset[str] = frozenset()
    head: str | None = None  # the checkpoint that "your model" is; None = the base model
    runs: tuple[RunEntry, ...] = ()  # oldest first
    models: tuple[ModelEntry, ...] = ()  # uploaded ones chosen before, newest first
    resting: tuple[LabelEntry, ...] = ()  # the model takes none of their samples
    left: tuple[LeftModel, ...] = ()  # newest first

    def label(self, label_id: str) -> LabelEntry | None:
        """The label with that id, or None."""
        return next((label for label in self.labels if label.id == label_id), None)

    def checkpoint(self, checkpoint_id: str) -> CheckpointEntry | None:
        """The checkpoint with that id, or None."""
        return next((entry for entry in self.checkpoints if entry.id == checkpoint_id), None)

    def original_of(self, checkpoint_id: str) -> str:
        """The checkpoint that it is a copy of; itself where it is none, or not there any more."""
        entry = self.checkpoint(checkpoint_id)
        return entry.original if entry is not None else checkpoint_id

    @property
    def head_entry(self) -> CheckpointEntry | None:
        """The checkpoint that is the person's model; None where that is the base model."""
        return self.checkpoint(self.head) if self.head else None

    def samples_of(self, label_id: str, part: Part | None = None) -> tuple[SampleEntry, ...]:
        """The samples of one label, oldest first; only those of `part` when it is given."""
        return tuple(
            sample
            for sample in self.samples
            if sample.label == label_id and (part is None or sample.part is part)
        )

    def output_names(self) -> tuple[str | None, ...]:
        """Per output of the model the enabled label that it stands for, or None."""
        names: list[str | None] = [None] * len(self.model.outputs if self.model else ())
        for label in self.labels:
            if label.enabled and label.output is not None:
                names[label.output] = label.name
        return tuple(names)

    @property
    def bytes(self) -> int:
        """Size on disk of the files that this manifest shows, uploaded models left out."""
        samples = sum([sample.bytes + sample.target_bytes for sample in self.samples])
        return samples + sum([entry.bytes for entry in self.checkpoints])
