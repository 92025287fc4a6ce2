"""What is done with a model, in real Flex and on plain LiteRT alike: batches and calls.

Numpy only. Batches are made, not stored: they come from the raw words of PCG64, whose stream NumPy
promises never to change (NEP 19), by exact arithmetic alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

STEPS = 30
ROOT3 = 1.7320508075688772

Run = Callable[[str, dict[str, np.ndarray]], Mapping[str, np.ndarray]]


@dataclass(frozen=True)
class Problem:
    """Something to learn.

    kind: "classes" (noise around a centre for each class), "tokens" (integers below `vocabulary`
    whose range tells the class), "values" (a linear map of the samples) or "itself" (no labels).
    shape: of one sample. classes: number of classes. target: shape of one target of "values".
    """

    kind: str
    shape: tuple[int, ...]
    classes: int = 2
    vocabulary: int = 0
    target: tuple[int, ...] = (1,)

    def batch(self, count: int, seed: int) -> dict[str, np.ndarray]:
        """`count` samples and their labels in every form; see `Feed`."""
        words = np.random.PCG64(seed)
        size = int(np.prod(self.shape))
        if self.kind == "tokens":
            label = (words.random_raw(count) >> 11) % self.classes
            word = (words.random_raw(count * size) >> 11).reshape(count, size) % self._span
            start = label[:, None] * (self.vocabulary - self._span) // max(self.classes - 1, 1)
            samples = (start + word).reshape(count, *self.shape)
            return {"samples": samples} | self._labels(label)
        noise = _bell(words, count * size).reshape(count, size)
        if self.kind == "values":
            matrix = _bell(np.random.PCG64(77), size * self._targets).reshape(size, -1)
            values = (noise @ matrix / np.sqrt(size)).reshape(count, *self.target)
            return {"samples": noise.reshape(count, *self.shape), "values": values}
        label = (words.random_raw(count) >> 11) % self.classes
        centres = _bell(np.random.PCG64(77), self.classes * size).reshape(self.classes, size)
        samples = (centres[label] + noise).reshape(count, *self.shape)
        if self.kind == "itself":
            return {"samples": np.clip(samples / 8 + 0.5, 0, 1)}
        return {"samples": samples} | self._labels(label)

    @property
    def _span(self) -> int:
        return max(self.vocabulary // 2, 1)

    @property
    def _targets(self) -> int:
        return int(np.prod(self.target))

    def _labels(self, label: np.ndarray) -> dict[str, np.ndarray]:
        return {
            "index": label,
            "column": label[:, None],
            "one hot": np.eye(self.classes)[label],
        }


def _bell(words: np.random.PCG64, count: int) -> np.ndarray:
    """Roughly normal, exactly reproducible: the scaled sum of four uniform numbers, float64."""
    uniform = (words.random_raw(4 * count) >> 11).astype(np.float64) * 2.0**-53
    a, b, c, d = uniform.reshape(4, count)
    return (((a + b) + (c + d)) - 2.0) * ROOT3


@dataclass(frozen=True)
class Feed:
    """One input of a signature.

    what: "samples", "index" [N], "column" [N, 1], "one hot" [N, K], "values" [N, *target],
    "bottleneck" (what `Drill.extract` returns), or 1, 2, 3, … as "counting" of the whole `shape`.
    shape: of one entry; None: as it comes.
    """

    what: str
    dtype: str = "float32"
    shape: tuple[int, ...] | None = None


@dataclass(frozen=True)
class Call:
    """A signature with its inputs, the output that matters, and how many samples at a time."""

    signature: str
    inputs: dict[str, Feed]
    output: str
    batch: int


@dataclass(frozen=True)
class Drill:
    """Everything that is done with one model. The train calls take turns for `STEPS` steps.

    first: signatures without inputs that are run once before. extract: what gives bottlenecks.
    infer: any number of calls after training. save, restore: signature names of a checkpoint.
    path: their input. start: a file without initial values first restores a checkpoint of these
    tensors. read: a signature that returns weights. write: one that takes them. idle: weights
    whose gradient is nought but for rounding (a bias before a batch normalisation), which an
    optimiser blows up to whole steps: they differ from kernel to kernel. random: draws numbers
    that no seed fixes, so only means can be compared. expect: what odt is known not to do, in the
    words it must say so with; None for nothing.
    """

    problem: Problem
    train: tuple[Call, ...]
    infer: tuple[Call, ...] = ()
    first: tuple[str, ...] = ()
    extract: Call | None = None
    save: str | None = None
    restore: str | None = None
    path: str = "checkpoint_path"
    start: dict[str, tuple[int, ...]] = field(default_factory=dict)
    read: str | None = None
    read_inputs: dict[str, Feed] = field(default_factory=dict)
    write: str | None = None
    idle: tuple[str, ...] = ()
    random: bool = False
    expect: str | None = None

    def to_json(self) -> dict[str, Any]:
        """Plain JSON types only."""
        return asdict(self)

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Drill:
        """The inverse of `to_json`."""
        problem = document["problem"]
        return cls(
            **{
                **document,
                "problem": Problem(
                    **{
                        **problem,
                        "shape": tuple(problem["shape"]),
                        "target": tuple(problem["target"]),
                    }
                ),
                "train": tuple(_call(call) for call in document["train"]),
                "infer": tuple(_call(call) for call in document["infer"]),
                "first": tuple(document["first"]),
                "idle": tuple(document["idle"]),
                "extract": document["extract"] and _call(document["extract"]),
                "start": {name: tuple(shape) for name, shape in document["start"].items()},
                "read_inputs": _feeds(document["read_inputs"]),
            }
        )

    def starting_values(self) -> dict[str, np.ndarray]:
        """What a file without initial values is given: small numbers for the model's matrices, a
        learning rate of 0.01, and noughts."""
        values = {}
        for at, (name, shape) in enumerate(self.start.items()):
            if name.endswith("/iteration"):
                values[name] = np.zeros(shape, np.int64)
            elif name.endswith("/learning_rate"):
                values[name] = np.full(shape, 0.01, np.float32)
            elif name.endswith("/kernel"):
                drawn = _bell(np.random.PCG64(at), int(np.prod(shape)))
                values[name] = (drawn.reshape(shape) / 4).astype(np.float32)
            else:
                values[name] = np.zeros(shape, np.float32)
        return values

    # --- the run --------------------------------------------------------------------------------

    def prepare(self, run: Run) -> None:
        """Runs what has to run once on a new model."""
        for signature in self.first:
            run(signature, {})

    def losses(self, run: Run, steps: int = STEPS) -> list[float]:
        """The loss of every train step."""
        found = []
        for step in range(steps):
            call = self.train[step % len(self.train)]
            outputs = run(call.signature, self.inputs(run, call, 1000 + step))
            found.append(float(np.ravel(outputs[call.output])[0]))
        return found

    def outputs(self, run: Run) -> list[np.ndarray]:
        """What each infer call returns, on samples that training has not seen."""
        return [
            run(call.signature, self.inputs(run, call, 5000 + at))[call.output]
            for at, call in enumerate(self.infer)
        ]

    def weights(self, run: Run) -> dict[str, np.ndarray]:
        """What the reading signature returns."""
        assert self.read is not None
        inputs = {
            name: np.zeros(feed.shape or (), feed.dtype) for name, feed in self.read_inputs.items()
        }
        return dict(run(self.read, inputs))

    def inputs(self, run: Run, call: Call, seed: int) -> dict[str, np.ndarray]:
        """The arrays for one call."""
        batch = self.problem.batch(call.batch, seed)
        arrays = {}
        for name, feed in call.inputs.items():
            if feed.what == "bottleneck":
                assert self.extract is not None
                taken = {k: _cast(batch[f.what], f) for k, f in self.extract.inputs.items()}
                arrays[name] = run(self.extract.signature, taken)[self.extract.output]
            elif feed.what == "counting":
                shape = feed.shape or ()
                arrays[name] = (np.arange(np.prod(shape, dtype=int)) + 1).reshape(shape)
                arrays[name] = arrays[name].astype(feed.dtype)
            else:
                arrays[name] = _cast(batch[feed.what], feed)
        return arrays


def _cast(array: np.ndarray, feed: Feed) -> np.ndarray:
    array = np.ascontiguousarray(array.astype(feed.dtype))
    return array if feed.shape is None else array.reshape(len(array), *feed.shape)


def _call(document: Mapping[str, Any]) -> Call:
    feeds = _feeds(document["inputs"])
    return Call(document["signature"], feeds, document["output"], document["batch"])


def _feeds(document: Mapping[str, Any]) -> dict[str, Feed]:
    return {
        name: Feed(feed["what"], feed["dtype"], _tuple(feed["shape"]))
        for name, feed in document.items()
    }


def _tuple(shape: Sequence[int] | None) -> tuple[int, ...] | None:
    return None if shape is None else tuple(shape)


def classification(
    problem: Problem,
    labels: Feed,
    *,
    samples: Feed | None = None,
    batches: Sequence[int] = (8, 5, 3, 8, 6),
    infer: int = 6,
    output: str = "logits",
    **more: Any,
) -> Drill:
    """The usual: train(x, y) -> loss with batches of several sizes, infer(x) -> `output`."""
    x = samples or Feed("samples")
    train = tuple(Call("train", {"x": x, "y": labels}, "loss", count) for count in batches)
    return Drill(problem, train, (Call("infer", {"x": x}, output, infer),), **more)


def relative(given: Any, expected: Any) -> float:
    """The largest difference, relative to the largest magnitude expected; infinite where shapes
    differ or a number is not finite.
    """
    given, expected = np.asarray(given, np.float64), np.asarray(expected, np.float64)
    if given.shape != expected.shape or not np.isfinite([given, expected]).all():
        return float("inf")
    scale = float(np.abs(expected).max(initial=0)) or 1.0
    return float(np.abs(given - expected).max(initial=0)) / scale
