"""When a model's frozen part is worth a signature of its own, and how it is then used."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from odt_core.dialects.contract import ExtractRole, Task
from odt_core.errors import OdtError
from odt_core.graph import ModelDescription, SignatureDescription
from odt_core.graph.flatbuffer import read
from odt_core.graph.trunk.apart import EXTRACT, FEATURES, INFER, TRAIN, set_apart
from odt_core.graph.trunk.constant import as_constants
from odt_core.runtime.interpreter import Interpreter

if TYPE_CHECKING:
    from odt_core.runtime.model import Model

# What the frozen part must compute for each sample (`work_of`) for looking it up to be faster; that
# takes 6 µs, most of it for the digest.
WORTH = 2**14
_WEIGHTS = 2**12  # bytes of frozen weights below which nobody looks for such a part
# Bytes of frozen weights that become constants: that takes as long as reading the file and three
# times their memory. Larger networks are mostly of large convolutions, which gain a third.
_MOST = 2**25


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
