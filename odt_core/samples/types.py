"""Labelled samples: as a person gives them, and as a model takes them."""

from __future__ import annotations

import operator
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from types import NoneType

import numpy as np

from odt_core.errors import OdtError, SampleError
from odt_core.kinds import check_kind, kind_of
from odt_core.samples.labels import Labels
from odt_core.words import count


class Subset(Enum):
    """Which samples of a source that has some to train on and some to test with: those, these, or
    both, marked (RawSamples.tests). A source of one kind alone gives all it has.
    """

    TRAINING = "training"
    TEST = "test"
    BOTH = "both"


@dataclass(frozen=True)
class Form:
    """What samples are read for, as far as it is known: the shapes of one sample and its target,
    how many of its numbers go to which input where these are several, and names that are labels
    already.
    """

    input_shape: Sequence[int] | None = None
    target_shape: Sequence[int] | None = None
    inputs: Mapping[str, int] = field(default_factory=dict)
    labels: Sequence[str] = ()

    def __post_init__(self) -> None:
        for name in ("input_shape", "target_shape"):
            shape = getattr(self, name)
            try:
                sizes = None if shape is None else tuple(map(operator.index, shape))
            except TypeError:
                raise SampleError(
                    f"{name} is a tuple of whole numbers, such as (28, 28, 1), not {shape!r}."
                ) from None
            object.__setattr__(self, name, sizes)


@dataclass(frozen=True)
class RawSamples:
    """As given by the person, not yet the model's input.

    items: each uint8 [H, W], [H, W, 3] or [H, W, 4], or float32 in the model's own input shape.
    labels: what each shows, "" where nobody said. names: where each came from, for messages.
    targets: empty, or one for each item: float32, the numbers that a model of values is to give
    for it; uint8 [H, W(, 3)], a mask (masks.py); or None where the file has none. tests: empty, or
    for each item whether where it comes from it is a test sample; None where nobody said. notice:
    what was left out where they come from, in sentences; empty for nothing.
    """

    items: tuple[np.ndarray, ...]
    labels: tuple[str, ...]
    names: tuple[str, ...]
    targets: tuple[np.ndarray | None, ...] = ()
    tests: tuple[bool | None, ...] = ()
    notice: str = ""

    def __post_init__(self) -> None:
        for name in ("items", "labels", "names", "targets", "tests"):
            wanted = f"The {name} of samples come as a tuple"
            given = getattr(self, name)
            check_kind(given, (tuple, list, np.ndarray), wanted, SampleError)
            if isinstance(given, np.ndarray) and not given.ndim:
                raise SampleError(f"{wanted}, not as a single number.")
            object.__setattr__(self, name, tuple(given))
        if not len(self.items) == len(self.labels) == len(self.names):
            raise SampleError(
                f"{len(self.items)} pictures have {len(self.labels)} labels and "
                f"{len(self.names)} names. Give one of each per picture."
            )
        if len(self.targets) not in (0, len(self.items)):
            raise SampleError(
                f"{len(self.items)} samples have {len(self.targets)} targets. Give one per sample."
            )
        if len(self.tests) not in (0, len(self.items)):
            raise SampleError(
                f"{len(self.items)} samples have {len(self.tests)} marks of test samples. Give one "
                "per sample."
            )

    def __len__(self) -> int:
        return len(self.items)

    def __repr__(self) -> str:
        return f"<RawSamples: {len(self):,}>"  # not what is in them: that may be thousands of rows

    @staticmethod
    def together(parts: Sequence[RawSamples]) -> RawSamples:
        """The samples of all parts, in order; None for the targets or marks of a part without."""
        with_targets = any(part.targets for part in parts)
        with_tests = any(part.tests for part in parts)
        return RawSamples(
            tuple(item for part in parts for item in part.items),
            tuple(label for part in parts for label in part.labels),
            tuple(name for part in parts for name in part.names),
            tuple(target for part in parts for target in part.targets or (None,) * len(part))
            if with_targets
            else (),
            tuple(test for part in parts for test in part.tests or (None,) * len(part))
            if with_tests
            else (),
            " ".join(part.notice for part in parts if part.notice),
        )

    def take(self, index: Iterable[int]) -> RawSamples:
        """The samples at `index`, in that order."""
        chosen = list(index)
        return RawSamples(
            tuple(self.items[k] for k in chosen),
            tuple(self.labels[k] for k in chosen),
            tuple(self.names[k] for k in chosen),
            tuple(self.targets[k] for k in chosen) if self.targets else (),
            tuple(self.tests[k] for k in chosen) if self.tests else (),
            self.notice,
        )


def check_samples(samples: object, what: str = "samples") -> None:
    """SampleError unless they are what a session takes. what: for the message."""
    check_kind(
        samples,
        Samples,
        f"The {what} come as odt.Samples",
        SampleError,
        "Make them with model.prepare(raw), raw being what odt.read_samples(path) gives.",
    )


def check_raw(raw: object) -> None:
    """SampleError unless they are samples as a person gives them."""
    if not isinstance(raw, RawSamples):
        raise SampleError(
            f"prepare() takes odt.RawSamples (odt.read_samples(path)), not {kind_of(raw)}."
        )
    for item, label, name in zip(raw.items, raw.labels, raw.names, strict=True):
        check_kind(item, np.ndarray, f"{name}: a sample comes as a NumPy array", SampleError)
        check_kind(label, str, f"{name}: a label comes as text", SampleError, "Give str(label).")
        check_unmasked(item, f"{name} has")
    for target, name in zip(raw.targets, raw.names, strict=False):  # or none at all
        if target is not None:
            _check_target(target, name)
    for test, name in zip(raw.tests, raw.names, strict=False):
        wanted = f"{name}: whether it is a test sample comes as True, False or None"
        check_kind(test, (bool, np.bool_, NoneType), wanted, SampleError)


def _check_target(target: object, name: str) -> None:
    wanted = f"{name}: a target comes as a NumPy array, or None"
    check_kind(target, (np.ndarray, np.number), wanted, SampleError, "Give np.array(target).")
    assert isinstance(target, np.ndarray | np.number)
    if target.dtype.kind not in "biuf":
        raise SampleError(f"{name}: a target is numbers; this is an array of {target.dtype}.")
    check_unmasked(np.asanyarray(target), f"The target of {name} has")


def check_unmasked(array: np.ndarray, what: str, error: type[OdtError] = SampleError) -> None:
    """`error` where some numbers of an array are masked: what stands below is no number to use.
    what: has them, for the message.
    """
    if np.ma.is_masked(array):
        raise error(
            f"{what} {count(np.ma.count_masked(array), 'masked number')}. Leave such samples out, "
            "or say what stands there: array.filled(0)."
        )


@dataclass(frozen=True)
class Samples:
    """What a session takes. Any dtype of numbers will do and is kept, but that booleans of y become
    int64; `prepare` gives x and targets as float32, labels as int64.

    x: [N, *input_shape]. y: whole numbers [N], output index (0 or 1 where one output tells two
    labels apart); or floats [N, *target_shape] for models of values. Of a model that reconstructs
    its input y is x again, or floats of another size that are not looked at. SampleError for
    others.
    """

    x: np.ndarray
    y: np.ndarray
    labels: Labels

    def __post_init__(self) -> None:
        for name, what in (("x", "Inputs"), ("y", "Labels or targets")):
            try:
                array = np.asanyarray(getattr(self, name))
            except ValueError:  # rows of different lengths
                raise SampleError(f"{what} must all have the same shape.") from None
            check_unmasked(array, f"{what} have")
            if array.dtype.kind not in "biuf":
                raise SampleError(f"{what} must be numbers; these are an array of {array.dtype}.")
            array = array.astype(np.int64) if name == "y" and array.dtype.kind == "b" else array
            object.__setattr__(self, name, array)
        check_kind(self.labels, Labels, "The labels of samples come as odt.Labels", SampleError)
        if not self.y.ndim or not self.x.ndim:
            raise SampleError(
                "Inputs come as [N, …] and labels as [N]; of samples one is a single number."
            )
        if len(self.x) != len(self.y):
            raise SampleError(
                f"{len(self.x)} inputs have labels of shape {self.y.shape}. Give one per input."
            )
        if self.y.dtype.kind == "f":
            if not np.isfinite(self.y).all():
                raise SampleError("A target is not a finite number. Remove that sample.")
            return
        if self.y.ndim != 1:
            raise SampleError(
                f"{len(self.x)} inputs have labels of shape {self.y.shape}. Give one per input."
            )
        if len(self.y) and not len(self.labels):
            raise SampleError(
                "The model tells no labels apart, so whole numbers cannot be labels of it. Give "
                "targets as float32 [N, …]."
            )
        if len(self.y) and not 0 <= int(self.y.min()) <= int(self.y.max()) < len(self.labels):
            raise SampleError(
                f"A label index is outside 0..{len(self.labels) - 1}, the model's outputs."
            )

    def __len__(self) -> int:
        return len(self.y)

    def __repr__(self) -> str:
        return f"<Samples: {len(self):,} of shape {list(self.x.shape[1:])}>"

    def take(self, index: np.ndarray) -> Samples:
        """The samples at `index` (integers or a mask), in that order."""
        return Samples(self.x[index], self.y[index], self.labels)
