"""The models of the race, said once: layers, shapes, multiplications. Needs nothing but Python.

Every engine builds its own net from these few layers, in whatever environment it runs in.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Conv:
    """A square convolution [H, W, C] -> [H', W', filters] with bias and ReLU."""

    filters: int
    kernel: int
    stride: int = 1
    padding: str = "valid"  # or "same", as TensorFlow means it
    frozen: bool = False


@dataclass(frozen=True)
class MaxPool:
    """The largest of each size × size square; what does not fill one is left out."""

    size: int = 2


@dataclass(frozen=True)
class Dense:
    """A fully connected layer over the flattened input, with bias."""

    units: int
    relu: bool = False
    frozen: bool = False


Layer = Conv | MaxPool | Dense
_KINDS = {"conv": Conv, "max_pool": MaxPool, "dense": Dense}


@dataclass(frozen=True)
class Network:
    """Layers on an input of one shape; the last layer gives logits."""

    name: str
    input_shape: Shape
    layers: tuple[Layer, ...]

    def walk(self) -> Iterator[tuple[Layer, Shape, Shape]]:
        """Each layer with the shapes before and after it, without the batch; dense ones flat."""
        shape = self.input_shape
        for layer in self.layers:
            if isinstance(layer, Dense):
                shape = (math.prod(shape),)
            after = _after(layer, shape)
            yield layer, shape, after
            shape = after

    @property
    def classes(self) -> int:
        """How many logits there are."""
        last = self.layers[-1]
        assert isinstance(last, Dense)
        return last.units

    @property
    def weights(self) -> tuple[Shape, ...]:
        """Shapes of kernel and bias of each layer in turn: [k, k, C, filters] or [in, units]."""
        shapes: list[Shape] = []
        for layer, before, after in self.walk():
            if isinstance(layer, Conv):
                shapes += [(layer.kernel, layer.kernel, before[-1], layer.filters), after[-1:]]
            elif isinstance(layer, Dense):
                shapes += [(before[0], layer.units), after]
        return tuple(shapes)

    @property
    def trained(self) -> tuple[bool, ...]:
        """For each of `weights`, whether training changes it."""
        return tuple(
            not layer.frozen
            for layer in self.layers
            if not isinstance(layer, MaxPool)
            for _ in ("kernel", "bias")
        )

    @property
    def parameters(self) -> int:
        """How many numbers `weights` holds."""
        return sum(math.prod(shape) for shape in self.weights)

    def train_flops(self, batch: int) -> int:
        """Floating-point operations of the matrix products of a step: forward, gradients of the
        kernels that learn, and of the inputs of all layers above the first that learns, since
        nobody needs those below it.
        """
        total, learning = 0, False
        for layer, before, after in self.walk():
            products = _products(layer, before, after)
            learns = not isinstance(layer, MaxPool) and not layer.frozen
            total += products * (1 + learns + learning)
            learning = learning or learns
        return 2 * batch * total

    def to_json(self) -> dict[str, Any]:
        """Plain JSON types, each layer with its kind."""
        names = {kind: name for name, kind in _KINDS.items()}
        layers = [{"kind": names[type(layer)], **asdict(layer)} for layer in self.layers]
        return {"name": self.name, "input_shape": list(self.input_shape), "layers": layers}

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Network:
        """The inverse of `to_json`."""
        layers = [
            _KINDS[layer["kind"]](**{k: v for k, v in layer.items() if k != "kind"})
            for layer in document["layers"]
        ]
        return cls(document["name"], tuple(document["input_shape"]), tuple(layers))


def _after(layer: Layer, shape: Shape) -> Shape:
    if isinstance(layer, Dense):
        return (layer.units,)
    if isinstance(layer, MaxPool):
        return (shape[0] // layer.size, shape[1] // layer.size, shape[2])
    lost = 0 if layer.padding == "same" else layer.kernel - 1
    height, width = (math.ceil((size - lost) / layer.stride) for size in shape[:2])
    return (height, width, layer.filters)


def _products(layer: Layer, before: Shape, after: Shape) -> int:
    """Multiply-adds of one sample's forward pass."""
    if isinstance(layer, Dense):
        return before[0] * layer.units
    if isinstance(layer, Conv):
        return math.prod(after) * layer.kernel**2 * before[-1]
    return 0


PICTURE = (28, 28, 1)
MLP = Network("mlp", PICTURE, (Dense(128, relu=True), Dense(10)))
STRIDED = Network(
    "strided",
    PICTURE,
    (Conv(16, 3, 2, "same"), Conv(32, 3, 2, "same"), Dense(64, relu=True), Dense(10)),
)
CNN = Network(
    "cnn",
    PICTURE,
    (Conv(16, 3), MaxPool(), Conv(32, 3), MaxPool(), Dense(64, relu=True), Dense(10)),
)
HEAD = Network("head", (1280,), (Dense(4),))
# As benchmarks/personalisation/build_digits.py makes assets/models/digits.tflite.
DIGITS = Network(
    "digits",
    PICTURE,
    (
        Conv(16, 5, 2, "same", frozen=True),
        Conv(32, 3, 2, "same", frozen=True),
        Conv(64, 3, 2, "same", frozen=True),
        Dense(128, relu=True),
        Dense(16),
    ),
)
# What assets/models/photos.tflite trains on a device: the features of a picture are computed once.
PHOTOS = Network("photos", (1280,), (Dense(32),))
NETWORKS = {network.name: network for network in (MLP, STRIDED, CNN, HEAD, DIGITS, PHOTOS)}


def mlp_of(parameters: int) -> Network:
    """784 - hidden - 10 with about so many parameters, at least one hidden unit."""
    hidden = max(1, round((parameters - 10) / (784 + 1 + 10)))
    return Network(f"mlp-{parameters}", PICTURE, (Dense(hidden, relu=True), Dense(10)))
