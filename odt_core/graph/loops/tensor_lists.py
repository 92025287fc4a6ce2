"""TensorList ops without lists: who wrote which entry is known as soon as positions are.

Loops of layers such as LSTM keep their steps in TensorLists, and their gradients keep what the
forward pass computed in lists, too. In a graph without loops every position is a constant, so a
list is but a note of which tensor stands where. Op definitions:
https://www.tensorflow.org/api_docs/python/tf/raw_ops/TensorListReserve and its neighbours.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from odt_core.errors import LoweringError, OpenSizeError
from odt_core.graph.building import Builder
from odt_core.graph.loops.folding import known
from odt_core.graph.loops.optionals import Either, Nothing, value_of
from odt_core.graph.tensor import Tensor

AT_RUN_TIME = (
    "is known at run time only. Convert the model with a fixed number of time steps, or its "
    "recurrent layers with unroll=True; instead of tf.map_fn, compute all samples at once."
)
_MOST_ENTRIES = 5_000  # of a list: mostly one for each time step, all of which are written out


@dataclass(frozen=True)
class ZerosLike:
    """An entry of zeros in the shape of a tensor."""

    tensor: Tensor


@dataclass(frozen=True)
class TensorList:
    """A list as it is known when the model is loaded.

    entries: the tensor at each position; None where nothing was written, which reads as zeros.
    shape: the int tensor that says the entries' shape (-1 for a dimension that it leaves open).
    """

    entries: tuple[Tensor | ZerosLike | TensorList | Nothing | Either | None, ...]
    shape: Tensor | None = None

    def __post_init__(self) -> None:
        _check_length(len(self.entries))

    @cached_property
    def any_written(self) -> Tensor | ZerosLike | None:
        """One of the entries that were written; those of a list that is stacked are alike."""
        return next((one for one in self.entries if isinstance(one, Tensor | ZerosLike)), None)

    def written(self, position: int, entry: Tensor) -> TensorList:
        """The list with another entry at a position."""
        if not 0 <= position < len(self.entries):
            raise LoweringError(f"it writes position {position} of {len(self.entries)}.")
        entries = (*self.entries[:position], entry, *self.entries[position + 1 :])
        return replace(self, entries=entries)


Value = Tensor | TensorList | Nothing | Either
Rule = Callable[[Builder, Sequence[Value], Sequence[Tensor]], Sequence[Value]]


def list_rule(name: str, inputs: Sequence[Value]) -> Rule | None:
    """The rule of a TensorFlow op on lists; None when it is none, or does not get any list."""
    takes_list = any(isinstance(value, TensorList) for value in inputs)
    return _RULES.get(name) or (_ON_LISTS.get(name) if takes_list else None)


def entries_read(name: str, inputs: Sequence[Value]) -> int:
    """How many entries an op goes through one by one, of the lists that it takes."""
    if name not in _OF_EACH_ENTRY:
        return 0
    return sum(len(value.entries) for value in inputs if isinstance(value, TensorList))


def _reserve(b: Builder, inputs: Sequence[Value], outputs: Sequence[Tensor]) -> Sequence[Value]:
    shape, count = _tensor(inputs[0]), _number(b, inputs[1])
    _check_length(count)
    return [TensorList((None,) * count, shape)]


def _empty(b: Builder, inputs: Sequence[Value], outputs: Sequence[Tensor]) -> Sequence[Value]:
    return [TensorList((), _tensor(inputs[0]))]


def _from_tensor(b: Builder, inputs: Sequence[Value], outputs: Sequence[Tensor]) -> Sequence[Value]:
    whole = _tensor(inputs[0])
    if not whole.rank or whole.shape[0] is None:
        raise OpenSizeError(f"how many entries a list has {AT_RUN_TIME}")
    options = schema.UnpackOptionsT()
    options.num = whole.dim(0)
    parts = [b.new(whole.shape[1:], whole.dtype, "unpack") for _ in range(whole.dim(0))]
    b.emit("UNPACK", [whole], parts, options)
    return [TensorList(tuple(parts), _tensor(inputs[1]))]


def _set_item(b: Builder, inputs: Sequence[Value], outputs: Sequence[Tensor]) -> Sequence[Value]:
    return [_list(inputs[0]).written(_number(b, inputs[1]), _tensor(inputs[2]))]


def _get_item(b: Builder, inputs: Sequence[Value], outputs: Sequence[Tensor]) -> Sequence[Value]:
    whole, position = _list(inputs[0]), _number(b, inputs[1])
    if not 0 <= position < len(whole.entries):
        raise LoweringError(f"it reads position {position} of {len(whole.entries)}.")
    return [_read(b, whole, position, _tensor(inputs[2]), outputs[0])]


def _push_back(b: Builder, inputs: Sequence[Value], outputs: Sequence[Tensor]) -> Sequence[Value]:
    whole = _list(inputs[0])
    return [replace(whole, entries=(*whole.entries, inputs[1]))]


def _pop_back(b: Builder, inputs: Sequence[Value], outputs: Sequence[Tensor]) -> Sequence[Value]:
    whole = _list(inputs[0])
    if not whole.entries:
        raise LoweringError("it takes an entry from an empty list.")
    last = _read(b, whole, len(whole.entries) - 1, _tensor(inputs[1]), outputs[1])
    return [replace(whole, entries=whole.entries[:-1]), last]


def _stack(b: Builder, inputs: Sequence[Value], outputs: Sequence[Tensor]) -> Sequence[Value]:
    whole, like = _list(inputs[0]), outputs[0]
    if not whole.entries:
        raise LoweringError("it stacks an empty list.")
    entry_like = replace(like, shape=like.shape[1:])
    parts = [
        _tensor(_read(b, whole, position, _tensor(inputs[1]), entry_like))
        for position in range(len(whole.entries))
    ]
    return [b.pack(parts, 0)]


def _length(b: Builder, inputs: Sequence[Value], outputs: Sequence[Tensor]) -> Sequence[Value]:
    return [b.constant(len(_list(inputs[0]).entries), np.int32)]


def _element_shape(
    b: Builder, inputs: Sequence[Value], outputs: Sequence[Tensor]
) -> Sequence[Value]:
    shape = _list(inputs[0]).shape
    if shape is None:
        raise LoweringError("it asks for the shape of entries, which nothing says.")
    return [b.cast(shape, outputs[0].dtype)]


def _zeros_like(b: Builder, inputs: Sequence[Value], outputs: Sequence[Tensor]) -> Sequence[Value]:
    whole = _list(inputs[0])
    entries = tuple(
        ZerosLike(entry) if isinstance(entry, Tensor) else entry for entry in whole.entries
    )
    return [replace(whole, entries=entries)]


def _add_n(b: Builder, inputs: Sequence[Value], outputs: Sequence[Tensor]) -> Sequence[Value]:
    lists = [_list(value) for value in inputs]
    if len({len(whole.entries) for whole in lists}) != 1:
        raise LoweringError("it adds lists of different lengths.")
    entries = []
    for column in zip(*(whole.entries for whole in lists), strict=True):
        terms = [entry for entry in column if isinstance(entry, Tensor)]
        total = terms[0] if terms else next((e for e in column if e is not None), None)
        for term in terms[1:]:
            total = b.add(_tensor(total), term)
        entries.append(total)
    return [replace(lists[0], entries=tuple(entries))]


def _same(b: Builder, inputs: Sequence[Value], outputs: Sequence[Tensor]) -> Sequence[Value]:
    return [inputs[0]]  # older converters cast a list to a list


def _nothing(b: Builder, inputs: Sequence[Value], outputs: Sequence[Tensor]) -> Sequence[Value]:
    return [Nothing()]


def _value(b: Builder, inputs: Sequence[Value], outputs: Sequence[Tensor]) -> Sequence[Value]:
    if outputs[0].dtype.hasobject:  # an optional in an optional
        return [inputs[0]]
    return [value_of(b, inputs[0])]


def _read(b: Builder, whole: TensorList, position: int, shape: Tensor, like: Tensor) -> Value:
    """An entry; one that nobody wrote is zeros, as TensorFlow reads it."""
    entry = whole.entries[position]
    if isinstance(entry, Tensor | TensorList | Nothing | Either):
        return entry
    if isinstance(entry, ZerosLike):
        return _zeros(b, entry.tensor)
    written = whole.any_written
    if written is not None:
        return _zeros(b, written.tensor if isinstance(written, ZerosLike) else written)
    if like.rank and None not in like.shape:
        return b.constant(np.zeros(like.shape, like.dtype))  # type: ignore[arg-type]
    for size in (shape, whole.shape):
        sizes = None if size is None else size.const
        if size is not None and size.rank == 1 and (sizes is None or (sizes >= 0).all()):
            return b.fill(b.cast(size, np.int32), 0, like.shape, like.dtype.type)
    raise LoweringError("it reads an entry that was never written, of unknown shape.")


def _zeros(b: Builder, like: Tensor) -> Tensor:
    if None not in like.shape:
        return b.constant(np.zeros(like.shape, like.dtype))  # type: ignore[arg-type]
    zeros = b.new(like.shape, like.dtype, "zeros_like")
    b.emit("ZEROS_LIKE", [like], [zeros], schema.ZerosLikeOptionsT())
    return zeros


def _check_length(count: int) -> None:
    if count > _MOST_ENTRIES:
        raise LoweringError(
            f"it makes a list of {count:,} entries. Convert the model with fewer time steps."
        )


def _tensor(value: object) -> Tensor:
    if not isinstance(value, Tensor):
        raise LoweringError("it uses a list of tensors where a tensor is expected.")
    return value


def _list(value: Value) -> TensorList:
    if not isinstance(value, TensorList):
        raise LoweringError("the list it uses comes from outside the signature.")
    return value


def _number(b: Builder, value: Value) -> int:
    found = known(b, _tensor(value))
    if found is None or found.size != 1:
        raise OpenSizeError(f"which entry of a list it means {AT_RUN_TIME}")
    return int(found.reshape(-1)[0])


_RULES: Mapping[str, Rule] = {
    "TensorListReserve": _reserve,
    "EmptyTensorList": _empty,
    "TensorListFromTensor": _from_tensor,
    "TensorListSetItem": _set_item,
    "TensorListGetItem": _get_item,
    "TensorListPushBack": _push_back,
    "TensorListPopBack": _pop_back,
    "TensorListStack": _stack,
    "TensorListLength": _length,
    "TensorListElementShape": _element_shape,
    "OptionalFromValue": _same,
    "OptionalNone": _nothing,
    "OptionalGetValue": _value,
}
_ON_LISTS: Mapping[str, Rule] = {
    "ZerosLike": _zeros_like,
    "ZEROS_LIKE": _zeros_like,
    "AddN": _add_n,
    "ADD_N": _add_n,
    "AddV2": _add_n,
    "Cast": _same,
    "CAST": _same,
    "Identity": _same,
}
_OF_EACH_ENTRY = frozenset({"ADD_N", "AddN", "AddV2", "TensorListStack", "ZEROS_LIKE", "ZerosLike"})
