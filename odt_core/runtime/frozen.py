"""When a model's frozen part is worth a signature of its own, and how it is then used."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Collection, Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from odt_core.dialects.contract import ExtractRole, Task
from odt_core.errors import OdtError
from odt_core.graph import ModelDescription, SignatureDescription
from odt_core.graph.accumulation.accumulation import AHEAD, APPLY, GRADIENTS
from odt_core.graph.flatbuffer import read
from odt_core.graph.trunk.apart import EXTRACT, FEATURES, INFER, TRAIN, set_apart
from odt_core.graph.trunk.constant import as_constants
from odt_core.runtime.bottlenecks import MAX_BYTES, Features
from odt_core.runtime.interpreter import BoundSignature, Interpreter

if TYPE_CHECKING:
    from odt_core.runtime.chunks import Chunks
    from odt_core.runtime.model import Model
    from odt_core.runtime.variables import Variables

# What the frozen part must compute for each sample (`work_of`) for looking it up to be faster; that
# takes 6 µs, most of it for the digest.
WORTH = 2**14
_WEIGHTS = 2**12  # bytes of frozen weights below which nobody looks for such a part
# Bytes of frozen weights that become constants: that takes as long as reading the file and three
# times their memory. Larger networks are mostly of large convolutions, which gain a third.
_MOST = 2**25


class FrozenPart:
    """The frozen part of a model as one interpreter runs it: samples to their features."""

    def __init__(
        self,
        model: Model,
        runs: Model,
        interpreter: Interpreter,
        variables: Variables,
        chunks: Chunks,
    ) -> None:
        """runs: what the interpreter runs, the model itself or with that part apart."""
        role = runs.contract.extract
        assert role is not None
        self._model, self._runs, self._role = model, runs, role
        self._interpreter, self._variables, self._chunks = interpreter, variables, chunks
        self._shape = runs.contract.feature_shape
        self._digest: bytes | None = None  # of its weights, when asked for
        self._trunk: Interpreter | None = None  # with those of the file as constants, when needed

    def features(self, x: np.ndarray) -> np.ndarray:
        """[N, *feature_shape] of samples x [N, *input_shape], each computed once, unless training
        changes that part too.
        """
        if not len(x):
            return self._marked(np.zeros((0, *self._shape), np.float32))
        if not self._role.frozen or not self.keeps(x):
            return self.compute(x)
        by = self._weights() + f"{self._interpreter.threads} {x.dtype.str}".encode()
        return self._marked(self._model.features(by, x, self._compute))

    def compute(self, x: np.ndarray) -> np.ndarray:
        """`features` without remembering them; N at least 1."""
        return self._marked(self._compute(x))

    def keeps(self, x: np.ndarray) -> bool:
        """Whether so many samples' features are remembered at a time."""
        return 4 * len(x) * math.prod(self._shape) <= MAX_BYTES

    def note(self, changed: Collection[str]) -> None:
        """Know that these variables were set."""
        if not set(changed).isdisjoint(self._role.reads):
            self.forget()

    def forget(self) -> None:
        """Know that any variable may have been set."""
        self._digest = None

    def _marked(self, features: np.ndarray) -> np.ndarray:
        return features if self._runs is self._model else features.view(Features)

    def _compute(self, x: np.ndarray) -> np.ndarray:
        return self._chunks.ask(self._signature(), self._role, x, self._role.features)

    def _signature(self) -> BoundSignature:
        """In its fastest form."""
        trunk = self._runs.trunk if self._runs is not self._model else None
        if trunk is None or trunk.weights != self._weights():
            return self._interpreter.signature(self._role.signature)
        if self._trunk is None:
            whole = self._interpreter
            self._trunk = Interpreter(trunk.data, whole.threads, called=whole.called)
        return self._trunk.signature(self._role.signature)

    def _weights(self) -> bytes:
        """A digest of the variables that it reads."""
        if self._digest is None:
            reads = self._role.reads
            state = self._variables.read() if reads else {}
            self._digest = digest_of(state[name] for name in reads)
        return self._digest


class Trunk(NamedTuple):
    """The frozen part in a .tflite of its own, the weights that the file gives it constants."""

    data: bytes
    weights: bytes  # their digest: it computes nothing for a session that has others


def digest_of(weights: Iterable[np.ndarray]) -> bytes:
    """32 bytes that tell the numbers of variables from any others of the same shapes."""
    digest = hashlib.blake2b(digest_size=32)
    for array in weights:
        digest.update(array.tobytes())
    return digest.digest()


def with_frozen_apart(model: Model) -> Model | None:
    """The model with its frozen part apart, and a contract that uses it; None where it has none, or
    one that is not worth it.
    """
    contract, description = model.contract, model.description
    tree = model.trees.pop() if model.trees else None
    about = _promising(model)
    if about is None:
        return None
    train, infer = contract.train[0], contract.infer
    place = (infer.signature, infer.samples) if infer else None
    try:
        tree = tree or read(model.data)
        found = set_apart(tree, (train.signature, train.samples), place, about.assigns, WORTH)
    except (OdtError, MemoryError):  # it can be used whole all the same
        return None
    made = {one.name: one for one in found.signatures}
    extract = ExtractRole(EXTRACT, train.samples, FEATURES, batch=None, reads=made[EXTRACT].reads)
    head = None
    if infer is not None and INFER in made:
        head = replace(infer, signature=INFER, on_features=True)
    return replace(
        model,
        data=found.data,
        description=replace(description, signatures=(*description.signatures, *found.signatures)),
        contract=replace(
            contract,
            train=(replace(train, signature=TRAIN),),
            extract=extract,
            feature_shape=found.feature_shape,
            infer_features=head,
        ),
        parted={},
        trees=[tree],
    )


def own_names(model: Model, runs: Model) -> dict[str, str]:
    """Signature -> the one of the model's own that it does the work of, of those that odt adds to
    run it: its train step in parts, and its frozen part apart where `runs` has that.
    """
    if not model.contract.train:
        return {}
    train, infer = model.contract.train[-1].signature, model.contract.infer
    names = dict.fromkeys((AHEAD, GRADIENTS, APPLY), train)
    if runs is not model:
        names |= {EXTRACT: train, TRAIN: train, INFER: infer.signature if infer else train}
    return names


def trunk_of(model: Model) -> Trunk | None:
    """The frozen part, of a model that has it apart, with constants; None where it reads no
    variables, where they are too many, or where it cannot be: then it runs as it is.
    """
    tree, extract = model.trees.pop() if model.trees else None, model.contract.extract
    if (
        extract is None
        or not extract.reads
        or _frozen_bytes(model.description, extract.reads) > _MOST
    ):
        return None
    try:
        data, values = as_constants(tree or read(model.data), EXTRACT, extract.reads)
        signature = Interpreter(data).signature(EXTRACT)
        ((name, (dtype, shape)),) = signature.inputs.items()
        signature({name: np.zeros((1, *shape[1:]), dtype)})  # whether LiteRT takes it
    except OdtError:
        return None
    return Trunk(data, digest_of(values))


def _promising(model: Model) -> SignatureDescription | None:
    """The train signature, where the description leaves it open that it has such a part, of a form
    that is known.
    """
    contract = model.contract
    known = contract.extract is None and not contract.free_axes and not model.shaped_by_data
    if not known or len(contract.train) != 1 or contract.train[0].batch is not None:
        return None
    if contract.task is Task.RECONSTRUCTION or contract.sample_inputs:
        return None  # its samples are its targets too, or not all in one input
    if contract.train[0].scaling is not None:
        return None  # what training is given is not what predicting is
    about = model.description.signature(contract.train[0].signature)
    if about is None:
        return None
    frozen = set(about.reads) - set(about.assigns)
    return about if _frozen_bytes(model.description, frozen) >= _WEIGHTS else None


def _frozen_bytes(description: ModelDescription, frozen: Collection[str]) -> int:
    """Of variables of these names, and of all constants."""
    variables = sum(one.bytes for one in description.variables if one.name in frozen)
    initial = sum(one.bytes for one in description.variables if one.has_initial_value)
    ops = 256 * sum(description.operators.values())  # about what each takes in the file
    return variables + max(0, description.size - initial - ops)
