"""Variables: handles, reads and assignments, and updates of a part of one, as embeddings emit them.

The converter leaves a variable to Flex as soon as one op on it has no builtin form; all its other
ops then come as Flex ops too. Source: https://www.tensorflow.org/api_docs/python/tf/raw_ops, the
ops of these names.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from odt_core.errors import LoweringError
from odt_core.graph import resources
from odt_core.graph.building import Builder
from odt_core.graph.flex import FlexOp
from odt_core.graph.rules.registry import rule
from odt_core.graph.rules.rows import (
    add_rows,
    by_row,
    combine_rows,
    gather_rows,
    put_rows,
    sums_at,
)
from odt_core.graph.tensor import Tensor


@rule("VarHandleOp", since="0.2")
def var_handle(b: Builder, op: FlexOp, inputs: Sequence[Tensor]) -> Sequence[Tensor]:
    """The handle of the variable (container, shared_name)."""
    return [resources.handle(b, (op.text("container").encode(), op.text("shared_name").encode()))]


@rule("ReadVariableOp", since="0.2")
def read_variable(b: Builder, op: FlexOp, inputs: Sequence[Tensor]) -> Sequence[Tensor]:
    """The variable's value."""
    return [resources.read(b, inputs[0])]


@rule("AssignVariableOp", since="0.2")
def assign_variable(b: Builder, op: FlexOp, inputs: Sequence[Tensor]) -> Sequence[Tensor]:
    """variable = value."""
    resources.assign(b, inputs[0], inputs[1])
    return []


@rule("AssignAddVariableOp", "AssignSubVariableOp", since="0.2")
def assign_add(b: Builder, op: FlexOp, inputs: Sequence[Tensor]) -> Sequence[Tensor]:
    """variable ± value."""
    variable, value = inputs
    combine = b.add if op.op == "AssignAddVariableOp" else b.sub
    resources.assign(b, variable, combine(resources.read(b, variable), value))
    return []


@rule("VariableShape", since="0.2")
def variable_shape(b: Builder, op: FlexOp, inputs: Sequence[Tensor]) -> Sequence[Tensor]:
    """The shape of the variable's value."""
    return [b.cast(b.shape(resources.read(b, inputs[0])), op.dtype("out_type") or np.int32)]


@rule("VarIsInitializedOp", since="0.2")
def is_initialised(b: Builder, op: FlexOp, inputs: Sequence[Tensor]) -> Sequence[Tensor]:
    """True: a signature sets its variables' initial values before it does anything else."""
    return [b.constant(np.array(True))]


@rule("DestroyResourceOp", "DisableCopyOnRead", since="0.2")
def destroy(b: Builder, op: FlexOp, inputs: Sequence[Tensor]) -> Sequence[Tensor]:
    """Nothing: a model's variables live as long as its interpreter, and a read is a copy."""
    return []


@rule("ResourceGather", since="0.2")
def resource_gather(b: Builder, op: FlexOp, inputs: Sequence[Tensor]) -> Sequence[Tensor]:
    """Rows of the variable: what an Embedding layer reads."""
    variable, indices = inputs
    if op.number("batch_dims"):
        raise LoweringError("it gathers along several axes at once. Use tf.gather on the value.")
    return [gather_rows(b, resources.read(b, variable), indices)]


@rule("ResourceGatherNd", since="0.2")
def resource_gather_nd(b: Builder, op: FlexOp, inputs: Sequence[Tensor]) -> Sequence[Tensor]:
    """Entries of the variable at index tuples."""
    variable, indices = inputs
    return [b.gather_nd(resources.read(b, variable), indices)]


@rule("ResourceScatterAdd", "ResourceScatterSub", since="0.2")
def scatter_add(b: Builder, op: FlexOp, inputs: Sequence[Tensor]) -> Sequence[Tensor]:
    """variable[indices[i]] ± updates[i]; an index that comes twice counts twice."""
    variable, indices, updates = inputs
    if op.op == "ResourceScatterSub":
        updates = b.neg(updates)
    value = resources.read(b, variable)
    resources.assign(b, variable, add_rows(b, value, indices, updates))
    return []


_COMBINED: dict[str, tuple[str, Callable[[Builder, Tensor, Tensor], Tensor]]] = {
    "ResourceScatterDiv": ("UnsortedSegmentProd", Builder.div),
    "ResourceScatterMax": ("UnsortedSegmentMax", Builder.maximum),
    "ResourceScatterMin": ("UnsortedSegmentMin", Builder.minimum),
    "ResourceScatterMul": ("UnsortedSegmentProd", Builder.mul),
}


@rule(*_COMBINED, since="0.2")
def scatter_combine(b: Builder, op: FlexOp, inputs: Sequence[Tensor]) -> Sequence[Tensor]:
    """variable[indices[i]] ×, ÷, max or min updates[i]; one that comes twice counts twice."""
    variable, indices, updates = inputs
    value = resources.read(b, variable)
    changed = combine_rows(b, value, indices, updates, *_COMBINED[op.op])
    resources.assign(b, variable, changed)
    return []


@rule("ResourceScatterUpdate", since="0.2")
def scatter_update(b: Builder, op: FlexOp, inputs: Sequence[Tensor]) -> Sequence[Tensor]:
    """variable[indices[i]] = updates[i]; of an index that comes twice the last wins."""
    variable, indices, updates = inputs
    value = resources.read(b, variable)
    resources.assign(b, variable, put_rows(b, value, indices, updates))
    return []


@rule("ResourceScatterNdUpdate", since="0.2")
def scatter_nd_update(b: Builder, op: FlexOp, inputs: Sequence[Tensor]) -> Sequence[Tensor]:
    """Entries at index tuples = updates; of a tuple that comes twice the last wins."""
    variable, indices, updates = inputs
    value = resources.read(b, variable)
    table, places = by_row(b, value, indices)
    changed = put_rows(b, table, places, updates)
    resources.assign(b, variable, b.reshape(changed, value.shape))
    return []


@rule("ResourceScatterNdAdd", "ResourceScatterNdSub", since="0.2")
def scatter_nd_add(b: Builder, op: FlexOp, inputs: Sequence[Tensor]) -> Sequence[Tensor]:
    """Entries at index tuples ± updates; a tuple that comes twice counts twice."""
    variable, indices, updates = inputs
    value = resources.read(b, variable)
    change = sums_at(b, value, indices, updates)
    combine: Callable[[Tensor, Tensor], Tensor] = b.add
    if op.op == "ResourceScatterNdSub":
        combine = b.sub
    resources.assign(b, variable, combine(value, change))
    return []
