"""Rewrites the Flex ops of a .tflite into builtin ops, so that it runs on plain LiteRT.

No current Python runtime runs Flex ops, and on a phone they need a library many times the size of
the model. `lower` walks every subgraph, replaces each Flex op by what its rule emits, turns Save
and Restore into outputs and inputs, removes what nobody reads any more and adds the two state
signatures. A signature that needs an op without a rule is left out and reported; the others work.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from odt_core.errors import LoweringError, OpenSizeError, SettingsError
from odt_core.graph.building import Builder
from odt_core.graph.building.known_shapes import with_contents
from odt_core.graph.checkpoint_ops import (
    FORGOTTEN,
    RESTORE,
    SAVE,
    CheckpointOps,
    forget_path,
    rewire,
)
from odt_core.graph.checks.check import check, plain_errors
from odt_core.graph.checks.many_ops import are_many, check_many
from odt_core.graph.crop import crop
from odt_core.graph.finished import finished, settle
from odt_core.graph.flatbuffer import read
from odt_core.graph.flex import FlexOp, custom_name, flex_name, read_flex
from odt_core.graph.held_shapes import hold_shapes
from odt_core.graph.hidden_scores import show_scores
from odt_core.graph.infinities import infinite_form
from odt_core.graph.inspect import ModelDescription, describe_tree
from odt_core.graph.loops.unroll import TOO_LONG, dissolve_lists
from odt_core.graph.lost_limits import lost_limits
from odt_core.graph.main_signature import sign
from odt_core.graph.open_sizes import Sizes, fix_sizes, how_to_fix, said_sizes
from odt_core.graph.operators import called_by, inputs_of, outputs_of, run_from
from odt_core.graph.passed_on import adopt, passed_on
from odt_core.graph.passes.fast_forms import fast_form
from odt_core.graph.passes.forms import finish, keep_or_reform, moved, refine
from odt_core.graph.passes.optimise import PASSES, Pass, optimise
from odt_core.graph.passes.prune import drop_subgraphs, remove_dead_ops
from odt_core.graph.pool_plan import plan_pools
from odt_core.graph.real_ends import real_ends
from odt_core.graph.record import (
    PASSES_VERSION,
    CheckpointSignature,
    Missing,
    Record,
    Rewrite,
    added,
    read_record,
    write_record,
)
from odt_core.graph.rules import RULES
from odt_core.graph.signature import plain_name
from odt_core.graph.state import add_state_signatures, has_state_signatures, state_ops
from odt_core.graph.tensor import Tensor
from odt_core.graph.wider import wider_form
from odt_core.graph.window_ops import in_graph
from odt_core.words import sentences

# Ops whose first input is the shape of their output.
_SIZED = frozenset(
    {
        "AvgPoolGrad",
        "Conv2DBackpropInput",
        "DepthwiseConv2dNativeBackpropInput",
        "StridedSliceGrad",
    }
)


# Custom ops that LiteRT runs: those of its register.cc, and of its XNNPACK delegate.
_OF_LITERT = frozenset(
    {
        "AudioSpectrogram",
        "Convolution2DTransposeBias",
        "MaxPoolingWithArgmax2D",
        "MaxUnpooling2D",
        "Mfcc",
        "NumericVerify",
        "TFLite_Detection_PostProcess",
    }
)


_UNKNOWN = (
    "odt has no builtin form for it. Build the model without it: odt_core/graph/OPS.md lists the "
    "ops that it may be made of."
)
_INSTEAD = {"Case": "odt has no builtin form for it. Use tf.cond in place of tf.switch_case."}


@dataclass(frozen=True)
class Lowered:
    """A model without Flex ops, and what was done to it.

    data: the bytes of the new .tflite. report: every op that was rewritten.
    missing: ops that could not be, with reasons; their signatures are not in `data`.
    checkpoints: signatures that now return or take a TensorFlow checkpoint's tensors.
    tree: what `data` holds, parsed.
    """

    data: bytes
    report: tuple[Rewrite, ...]
    missing: tuple[Missing, ...]
    checkpoints: tuple[CheckpointSignature, ...]
    tree: schema.ModelT = field(repr=False, compare=False)

    def describe(self) -> ModelDescription:
        """What `describe` reads from `data`, without parsing it again."""
        return describe_tree(self.tree, len(self.data))


def lower(data: bytes, sizes: Sizes | None = None) -> Lowered:
    """Rewrite the Flex ops of a .tflite into builtins and add the state signatures.

    The signatures keep their names, inputs, outputs, dtypes and shapes; those with Save or Restore
    return or take the checkpoint's tensors instead of a path, quantised inputs and outputs become
    the real numbers that they stand for (real_ends.py), and one that gives the best label alone
    gives the scores of all as well (hidden_scores.py). A file without signatures gets one
    (main_signature.py). A lowered model comes back as it is, or as
    today's odt makes it where an older one lowered it.

    sizes: those that inputs leave open after their first dimension, the batch, such as
    {"x": (64, 64)} of images [None, None, None, 3]; the new model takes samples of that size alone.

    Raises ModelError when `data` is no .tflite, LoweringError when no signature is left,
    SettingsError for sizes that no input leaves open, or of a model that is lowered already.
    """
    try:
        return lower_with(data, PASSES, sizes)
    except LoweringError as error:
        if not sizes:
            raise
        raise LoweringError(f"With the sizes {said_sizes(sizes)}: {error}") from error


@plain_errors()
def lower_with(data: bytes, passes: tuple[Pass, ...], sizes: Sizes | None = None) -> Lowered:
    """`lower` with these passes. With fewer than all, so that one's gain can be measured, a model
    counts as not passed yet.
    """
    model = read(data)
    check(model)
    check_many(model)
    done, unsigned = read_record(model), sign(model)
    if done is not None and _is_still_lowered(model):
        if sizes:
            raise SettingsError(
                "This model is lowered already, and what needs its sizes may be left out. Give "
                "them with the file as TensorFlow's converter wrote it."
            )
        quantised = real_ends(model)
        if quantised or unsigned or done.passes < PASSES_VERSION:
            now = Record(passes=_version(passes), unsigned=unsigned, quantised=quantised)
            done = added(model, done, now)
            data = _passed_again(model, done, passes)
        return Lowered(data, done.rewrites, done.missing, done.checkpoints, model)

    fix_sizes(model, sizes or {})
    lost = lost_limits(model)
    adopt(model)
    quantised = real_ends(model)
    lowering = _Lowering(model)
    lowering.unroll()
    for index in range(len(model.subgraphs)):
        lowering.subgraph(index)
    lowering.rewire_checkpoints()
    lowering.hold_variables()
    lowering.leave_out_broken()
    show_scores(model)
    for graph in model.subgraphs:
        optimise(model, graph, passes)
    lowering.leave_out_long()
    add_state_signatures(model)
    now = Record(
        lowering.rewrites,
        tuple(lowering.missing),
        tuple(lowering.checkpoint_signatures),
        _version(passes),
        lost,
        unsigned=unsigned,
        quantised=quantised,
    )
    record = added(model, done or Record(), now)
    write_record(model, record)
    data = _written(model)
    return Lowered(data, record.rewrites, record.missing, record.checkpoints, model)


def _is_still_lowered(model: schema.ModelT) -> bool:
    """Whether what a record says was done still holds: a file can be changed afterwards."""
    customs = [code.customCode for code in model.operatorCodes if code.customCode is not None]
    return {*map(plain_name, customs)} <= _OF_LITERT and has_state_signatures(model)


def _passed_again(model: schema.ModelT, record: Record, passes: tuple[Pass, ...]) -> bytes:
    """The bytes of a model that an older odt lowered."""
    for graph in model.subgraphs:
        optimise(model, graph, passes)
    write_record(model, record)
    return _written(model)


def _written(model: schema.ModelT) -> bytes:
    data = finished(model)
    check_many(model, ", rewritten for LiteRT,")  # or nobody could open what is written
    return data


def _version(passes: tuple[Pass, ...]) -> int:
    return PASSES_VERSION if passes == PASSES else 0


def _form(builder: Builder, operator: schema.OperatorT) -> Tensor | None:
    """The form of a builtin op that LiteRT takes, that says what TensorFlow's does, or that is
    faster; None for the op itself.
    """
    for form in (wider_form, infinite_form, fast_form):
        new = form(builder, operator)
        if new is not None:
            return new
    return None


def _of_other_floats(tensors: Sequence[Tensor]) -> str | None:
    """Why an op on float64 or float16 cannot be rewritten; None for one on neither."""
    for dtype in (np.float64, np.float16):
        if any(tensor.dtype == dtype for tensor in tensors):
            return (
                f"it works on {np.dtype(dtype).name} numbers, and LiteRT's kernels on float32. "
                f"Build the model with float32; where only some numbers are not, such as those of "
                f"a loss, cast them to float32 before this op and hold them in float32 variables."
            )
    return None


class _Lowering:
    """One model on its way from Flex to builtin ops."""

    def __init__(self, model: schema.ModelT) -> None:
        self.model = model
        self._rewritten: list[tuple[schema.SubGraphT, Rewrite]] = []  # their numbers change
        self.missing: list[Missing] = []
        self.checkpoint_signatures: list[CheckpointSignature] = []
        self._broken: dict[int, list[Missing]] = {}
        self._checkpoints: dict[int, CheckpointOps] = {}
        self._looping: set[int] = set()  # subgraphs whose loops could not be written out
        self._written_out: list[schema.SubGraphT] = []  # those whose loops were

    @property
    def rewrites(self) -> tuple[Rewrite, ...]:
        """The ops that were rewritten."""
        return tuple(rewrite for _, rewrite in self._rewritten)

    def unroll(self) -> None:
        """Writes out the loops over lists of tensors that recurrent layers run."""
        started = {signature.subgraphIndex for signature in self.model.signatureDefs or []}
        for index in sorted(started):
            name = self._name(index)
            try:
                dissolved = dissolve_lists(self.model, index)
            except LoweringError as error:
                self._looping.add(index)
                reason = sentences(str(error), self._advice(index, error))
                self._give_up(index, Missing("While", name, "", reason))
                continue
            if dissolved:
                self._written_out.append(self.model.subgraphs[index])
            for op, node in dissolved.items():
                self._tell(index, op, node)
        if self._rewritten and not self._looping:
            drop_subgraphs(self.model, started)

    def subgraph(self, index: int) -> None:
        """Rewrites one subgraph's Flex ops."""
        if index in self._looping:
            return
        graph = self.model.subgraphs[index]
        forget_path(self.model, graph, self._signatures(index))
        remove_dead_ops(self.model, graph)
        builder = Builder(self.model, graph)
        crop(builder)
        builder.pooled = plan_pools(builder)
        replaced: dict[int, int] = {}
        checkpoint = CheckpointOps(self.model, graph)
        for operator in list(graph.operators):
            operator.inputs = moved(operator.inputs, replaced)
            name, custom = flex_name(self.model, operator), custom_name(self.model, operator)
            unread = passed_on(self.model, operator)
            if unread is not None:
                reason = (
                    "its attributes cannot be read. Convert the model again, with SELECT_TF_OPS."
                )
                self._refuse(index, FlexOp(unread), operator, reason)
            elif custom and custom not in _OF_LITERT:
                reason = "it is a custom op that LiteRT does not have. Build the model without it."
                self._refuse(index, FlexOp(custom), operator, reason)
            elif name is None:
                keep_or_reform(builder, operator, _form, replaced)
            elif name in SAVE | RESTORE | FORGOTTEN:
                self._take_checkpoint(index, operator, checkpoint, replaced)
            else:
                op = read_flex(self.model, operator)
                self._apply_rule(index, operator, op, builder, replaced)
        finish(self.model, builder, replaced)
        if checkpoint.texts and not checkpoint.saved:
            reason = "it saves text alone, which is no checkpoint. Save the variables as well."
            self._give_up(index, Missing("SaveV2", self._name(index), "", reason))
        elif checkpoint.saved or checkpoint.restored:
            self._checkpoints[index] = checkpoint

    def _apply_rule(
        self,
        index: int,
        operator: schema.OperatorT,
        op: FlexOp,
        builder: Builder,
        replaced: dict[int, int],
    ) -> None:
        wanted = [builder.tensor(i) for i in outputs_of(operator)]
        inputs = [builder.tensor(i) for i in inputs_of(operator)]
        op = in_graph(builder, operator, op)
        if op.op in _SIZED:
            first, *rest = op.output_shapes
            op = replace(op, output_shapes=(with_contents(builder, first, inputs[0]), *rest))
        try:
            found = RULES.get(op.op)
            if found is None:
                raise LoweringError(_INSTEAD.get(op.op, _UNKNOWN))
            if "Grad" in op.op or "Backprop" in op.op:  # a gradient has its value's batch
                builder.share_batch([t for t in inputs if t.dtype == np.float32])
            given = list(found(builder, op, inputs))
            for new, old in zip(given, wanted, strict=True):
                if new.dtype != old.dtype:
                    raise LoweringError(f"its output should be {old.dtype}, not {new.dtype}.")
                refine(builder.graph.tensors[new.index], old)
                replaced[old.index] = new.index
            self._tell(index, op.op, self._node(index, op, operator))
        except LoweringError as error:
            floats = _of_other_floats([*inputs, *wanted])
            advice = "" if floats else self._advice(index, error)
            told = [missing.reason for missing in self._broken.get(index, ())]
            common = floats or advice
            if not common or not any(common in one for one in told):  # what follows from the first
                self._refuse(index, op, operator, sentences(floats or str(error), advice))

    def _take_checkpoint(
        self,
        index: int,
        operator: schema.OperatorT,
        checkpoint: CheckpointOps,
        replaced: dict[int, int],
    ) -> None:
        op = read_flex(self.model, operator)
        try:
            if not self._signatures(index):
                raise LoweringError("it stands inside a loop or branch. Move it out.")
            replaced.update(checkpoint.take(op, operator))
            self._tell(index, op.op, self._node(index, op, operator))
        except LoweringError as error:
            self._refuse(index, op, operator, str(error))

    def rewire_checkpoints(self) -> None:
        """Turns what Save and Restore ops handled into outputs and inputs of their signatures."""
        saved = {
            name: ops.graph.tensors[tensor]
            for ops in self._checkpoints.values()
            for name, tensor in ops.saved.items()
        }
        self._leave_out_doubled()
        for index, ops in self._checkpoints.items():
            if index in self._broken:
                continue
            for signature in self._signatures(index):
                self.checkpoint_signatures += rewire(ops, signature, saved)

    def _leave_out_doubled(self) -> None:
        """Gives up what saves or restores a name that stands for several tensors."""
        doubled = {name for ops in self._checkpoints.values() for name in ops.doubled}
        for index, ops in self._checkpoints.items():
            for names, op in ((ops.saved, "Save"), (ops.restored, "Restore")):
                if found := doubled.intersection(names):
                    reason = (
                        f"several tensors are saved as '{min(found)}', and a checkpoint holds one "
                        f"of a name. Give each a name of its own: of Keras' weights that is "
                        f"weight.path; weight.name may be the same for many."
                    )
                    op += "V2" if ops.version == 2 else ""
                    self._give_up(index, Missing(op, self._name(index), "", reason))

    def hold_variables(self) -> None:
        """Gives up the subgraphs that change the shape of a variable."""
        for index, graph in enumerate(self.model.subgraphs):
            for name in [] if index in self._broken else hold_shapes(self.model, graph):
                reason = (
                    f"the variable '{name}' changes its shape, which LiteRT cannot hold. Give the "
                    f"variable a fixed shape, with room for all that it may hold."
                )
                self._give_up(index, Missing("AssignVariableOp", self._name(index), name, reason))

    def leave_out_broken(self) -> None:
        """Removes the signatures that run an op which is still there, and which LiteRT lacks, and
        what was told of ops that no signature runs now.

        Raises LoweringError when none is left.
        """
        broken = set(self._broken)
        while True:
            callers = {
                index
                for index, graph in enumerate(self.model.subgraphs)
                for operator in graph.operators
                if broken.intersection(called_by(self.model, operator))
            }
            if callers <= broken:
                break
            broken |= callers
        kept = []
        for signature in self.model.signatureDefs or []:
            if signature.subgraphIndex not in broken:
                kept.append(signature)
                continue
            key = plain_name(signature.signatureKey)
            for reason in self._reasons(signature.subgraphIndex, set()):
                self.missing.append(Missing(reason.op, key, reason.node, reason.reason))
        for index in broken:  # its place stays, as other subgraphs are known by number
            graph = self.model.subgraphs[index]
            graph.operators = []
            graph.inputs = graph.outputs = np.array([], np.int32)
        if broken and not kept:
            raise LoweringError(self.missing[0].message)
        self.model.signatureDefs = kept
        running = run_from(self.model, [signature.subgraphIndex for signature in kept])
        graphs = {self.model.subgraphs[index] for index in running}
        self._rewritten = [one for one in self._rewritten if one[0] in graphs]

    def leave_out_long(self) -> None:
        """Leaves out what has written-out loops, the longest first, where ops are too many: nobody
        could open the rest either. Raises LoweringError when no signature is left.
        """
        if self._written_out:
            settle(self.model)  # as `finished` does: its ops count too
        for long in sorted(self._written_out, key=lambda one: len(one.operators), reverse=True):
            if not are_many(self.model, state_ops(self.model)):
                break
            index = next(i for i, graph in enumerate(self.model.subgraphs) if graph is long)
            self._give_up(index, Missing("While", self._name(index), "", TOO_LONG))
            self.leave_out_broken()

    def _reasons(self, index: int, seen: set[int]) -> list[Missing]:
        """Why a subgraph cannot run: its own ops, and those of the subgraphs it calls."""
        if index in seen:
            return []
        seen.add(index)
        reasons = list(self._broken.get(index, []))
        if index in self._looping:  # what its loop is made of explains nothing more
            return reasons
        for operator in self.model.subgraphs[index].operators:
            for called in called_by(self.model, operator):
                reasons += self._reasons(called, seen)
        return reasons

    def _tell(self, index: int, op: str, node: str) -> None:
        rewrite = Rewrite(op, self._name(index), node)
        self._rewritten.append((self.model.subgraphs[index], rewrite))

    def _refuse(self, index: int, op: FlexOp, operator: schema.OperatorT, reason: str) -> None:
        node = self._node(index, op, operator)
        self._give_up(index, Missing(op.op, self._name(index), node, reason))

    def _advice(self, index: int, error: LoweringError) -> str:
        """How to fix the sizes that a signature's inputs leave open; "" where that is no help."""
        return how_to_fix(self.model, index) if isinstance(error, OpenSizeError) else ""

    def _give_up(self, index: int, missing: Missing) -> None:
        self._broken.setdefault(index, []).append(missing)

    def _signatures(self, index: int) -> list[schema.SignatureDefT]:
        return [s for s in self.model.signatureDefs or [] if s.subgraphIndex == index]

    def _node(self, index: int, op: FlexOp, operator: schema.OperatorT) -> str:
        """The op's node name; the converter drops it, but not its output's tensor name."""
        tensors = [self.model.subgraphs[index].tensors[i] for i in outputs_of(operator)]
        names = [plain_name(tensor.name) for tensor in tensors]
        return op.name or next(iter(names), "")

    def _name(self, index: int) -> str:
        """The signature that runs a subgraph, else the subgraph's own name."""
        for signature in self._signatures(index):
            return plain_name(signature.signatureKey)
        return plain_name(self.model.subgraphs[index].name)
