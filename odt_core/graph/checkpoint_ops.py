"""Save and Restore without files: a signature returns or takes a checkpoint's tensors instead.

TensorFlow's Save(filename, tensor_names, data…) and SaveV2(prefix, tensor_names, slices, data…)
write tensors to a file; here they become outputs of the signature, under the names they would have
in the file. What Restore and RestoreV2 read from a file becomes inputs of the signature. The
runtime then reads and writes the files (odt_core.checkpoint). Op definitions:
https://www.tensorflow.org/api_docs/python/tf/raw_ops/Save and its neighbours.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from odt_core.errors import LoweringError
from odt_core.graph.flex import FlexOp, flex_name
from odt_core.graph.operators import inputs_of, name_of, outputs_of
from odt_core.graph.record import CheckpointSignature, CheckpointTensor
from odt_core.graph.signature import entry, plain_name
from odt_core.graph.tensor import declare_shape, dtype_of, shape_of
from odt_core.graph.variables import find_variables, handles_in

SAVE = frozenset({"Save", "SaveSlices", "SaveV2"})
RESTORE = frozenset({"Restore", "RestoreSlice", "RestoreV2"})
# Bookkeeping of sharded checkpoint files, which there are none of any more.
FORGOTTEN = frozenset({"MergeV2Checkpoints"})


@dataclass
class CheckpointOps:
    """Collects the Save and Restore ops of one signature's subgraph and rewires the signature."""

    model: schema.ModelT
    graph: schema.SubGraphT
    saved: dict[str, int] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)
    restored: dict[str, int] = field(default_factory=dict)
    doubled: set[str] = field(default_factory=set)  # names that several tensors are saved under
    version: int = 1

    def take(self, op: FlexOp, operator: schema.OperatorT) -> dict[int, int]:
        """Removes one op; returns which tensors are to be replaced by which.

        Raises LoweringError when its tensor names are not constants of the file.
        """
        inputs, outputs = inputs_of(operator), outputs_of(operator)
        if op.op in FORGOTTEN:
            return {}
        names = self._strings(inputs[1])
        if op.op.endswith("V2"):
            self.version = 2
        sliced = op.op not in ("Save", "Restore")
        if sliced and any(self._strings(inputs[2])):
            raise LoweringError("it saves slices of a partitioned variable. Save it whole instead.")
        if op.op in SAVE:
            values = inputs[3 if sliced else 2 :]
            for name, value in zip(names, values, strict=True):
                if self.graph.tensors[value].type == schema.TensorType.STRING:
                    self.texts[name] = self._text(value)
                else:
                    if name in self.saved:
                        self.doubled.add(name)
                    self.saved[name] = value
            return {}
        replaced = {}
        for name, output in zip(names, outputs, strict=True):
            if name in self.restored:
                replaced[output] = self.restored[name]
            else:
                self.restored[name] = output
        return replaced

    def _text(self, index: int) -> str:
        """The one text in a constant, its bytes as Latin-1: it may be a serialized message."""
        is_constant = _is_constant(self.model, self.graph.tensors[index])
        content = self._texts(index) if is_constant and self.version == 2 else []
        if len(content) != 1:
            raise LoweringError("it saves text other than a constant. Save numbers alone.")
        return content[0].decode("latin-1")

    def _strings(self, index: int) -> list[str]:
        return [content.decode("utf-8", "replace") for content in self._texts(index)]

    def _texts(self, index: int) -> list[bytes]:
        """The content of a constant string tensor: count, offsets, then the characters."""
        data = self.model.buffers[self.graph.tensors[index].buffer].data
        if data is None or len(data) < 8:
            raise LoweringError("its tensor names are computed. Write them as constants instead.")
        raw = bytes(np.asarray(data, np.uint8))
        count = int.from_bytes(raw[:4], "little")
        if not 0 <= count <= (len(raw) - 8) // 4 + 1:
            raise LoweringError("its tensor names are damaged. Convert the model again.")
        offsets = np.frombuffer(raw[4 : 8 + 4 * count], np.uint32)
        pairs = pairwise(offsets)
        return [raw[start:end] for start, end in pairs]


def forget_path(
    model: schema.ModelT, graph: schema.SubGraphT, signatures: Sequence[schema.SignatureDefT]
) -> None:
    """Takes the path from the ops that save and restore, and from what their signatures return:
    what makes other paths of it, as tf.train.Checkpoint does, is read by nobody then.
    """
    names = [flex_name(model, operator) for operator in graph.operators]
    for name, operator in zip(names, graph.operators, strict=True):
        if name in FORGOTTEN:
            operator.inputs = np.array([], np.int32)
        elif name in SAVE | RESTORE:
            operator.inputs = np.array([-1, *inputs_of(operator)[1:]], np.int32)
    for signature in signatures if (SAVE | RESTORE).intersection(names) else ():
        signature.outputs = [
            one
            for one in signature.outputs or []
            if graph.tensors[one.tensorIndex].type != schema.TensorType.STRING
            or _is_constant(model, graph.tensors[one.tensorIndex])
        ]
        graph.outputs = np.array([one.tensorIndex for one in signature.outputs], np.int32)


def rewire(
    ops: CheckpointOps, signature: schema.SignatureDefT, shapes: dict[str, schema.TensorT]
) -> list[CheckpointSignature]:
    """Makes the collected tensors the signature's own outputs and inputs, in the path's place.

    shapes: what other signatures save, by name; Restore does not say what shape it returns.
    """
    graph, key = ops.graph, plain_name(signature.signatureKey)
    path = _drop_path(ops, signature)
    found = []
    if ops.saved:
        taken = {plain_name(one.name) for one in signature.outputs}
        tensors = []
        for name, index in ops.saved.items():
            own = _free(name, taken)
            signature.outputs.append(entry(own, index))
            tensors.append(_described(name, own, graph.tensors[index]))
        texts = tuple(ops.texts.items())
        found.append(CheckpointSignature(key, "save", ops.version, path, tuple(tensors), texts))
    if ops.restored:
        taken = {plain_name(one.name) for one in signature.inputs}
        tensors = []
        for name, index in ops.restored.items():
            own = _free(name, taken)
            _settle_shape(ops, name, index, shapes)
            signature.inputs.append(entry(own, index))
            tensors.append(_described(name, own, graph.tensors[index]))
        found.append(CheckpointSignature(key, "restore", ops.version, path, tuple(tensors)))
    graph.inputs = np.array([one.tensorIndex for one in signature.inputs], np.int32)
    graph.outputs = np.array([one.tensorIndex for one in signature.outputs], np.int32)
    return found


def _drop_path(ops: CheckpointOps, signature: schema.SignatureDefT) -> str:
    """Removes string inputs; the name of the first."""
    is_string = [t.type == schema.TensorType.STRING for t in ops.graph.tensors]
    dropped = [e for e in signature.inputs or [] if is_string[e.tensorIndex]]
    signature.inputs = [e for e in signature.inputs or [] if e not in dropped]
    names = [plain_name(one.name) for one in dropped]
    return names[0] if names else ""


def _is_constant(model: schema.ModelT, raw: schema.TensorT) -> bool:
    data = model.buffers[raw.buffer].data
    return data is not None and len(data) > 0


def _settle_shape(
    ops: CheckpointOps, name: str, index: int, shapes: dict[str, schema.TensorT]
) -> None:
    """Give a restored tensor the shape of what is saved under its name, or of its use."""
    raw, graph = ops.graph.tensors[index], ops.graph
    source = shapes.get(name)
    if source is not None and source.type == raw.type:
        raw.shape, raw.shapeSignature = source.shape, source.shapeSignature
        raw.hasRank = True
        return
    variables = {v.key: v for v in find_variables(ops.model)}
    handles = handles_in(ops.model, graph)
    for operator in graph.operators:
        kind, inputs = name_of(ops.model, operator), inputs_of(operator)
        if kind == "RESHAPE" and inputs[0] == index:
            target = graph.tensors[outputs_of(operator)[0]]
            raw.shape, raw.shapeSignature = target.shape, target.shapeSignature
            raw.hasRank = True
            return
        elif kind == "ASSIGN_VARIABLE" and inputs[1] == index and inputs[0] in handles:
            variable = variables.get(handles[inputs[0]])
            if variable is not None:
                declare_shape(raw, variable.shape)
                raw.hasRank = True
                return


def _described(name: str, key: str, raw: schema.TensorT) -> CheckpointTensor:
    return CheckpointTensor(name, key, dtype_of(raw.type).name, shape_of(raw))


def _free(name: str, taken: set[str]) -> str:
    """`name`, or with a number behind it when the signature has that name already."""
    own, number = name, 2
    while own in taken:
        own, number = f"{name}#{number}", number + 1
    taken.add(own)
    return own
