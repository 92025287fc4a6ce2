"""What a max pool allows of the ops before it, found in a train step before it is lowered.

A max pool hands on the largest entry of each window, whatever the entries stood for: a bias and an
activation that never falls may come after it, where there are fewer entries. And where windows do
not overlap, a convolution that only the pool reads may give its outputs window by window
(rules/blocks.py). Both need to know who else reads a tensor; a rule sees but one op.
"""

from __future__ import annotations

from dataclasses import dataclass

from ai_edge_litert import schema_py_generated as schema

from odt_core.errors import LoweringError
from odt_core.graph.building import Builder
from odt_core.graph.flex import Pooled, read_flex
from odt_core.graph.operators import inputs_of, name_of, outputs_of, readers_of
from odt_core.graph.rules.blocks import Block, block_windows, pays
from odt_core.graph.rules.conv import shape_of_gradient
from odt_core.graph.rules.windows import between, windows_of
from odt_core.graph.window_ops import ACTIVATIONS, MAX_POOLS, kernel_of_variables, window_op

_RISING = frozenset({"RELU", "RELU6"})  # activations that are ops of their own
_GRADIENT = "FlexMaxPoolGrad"
_SLOPES = frozenset({"FlexReluGrad", "FlexRelu6Grad"})


@dataclass(frozen=True)
class _Pool:
    """A max pool and its gradient. slopes: the gradient of the activation before it. early: how
    many ops, bias and activation, are before it; given: what they start from; alone: whether
    nobody else reads that.
    """

    forward: schema.OperatorT
    gradient: schema.OperatorT
    slopes: tuple[schema.OperatorT, ...]
    early: int
    given: int
    alone: bool


def plan_pools(b: Builder) -> dict[int, Pooled]:
    """By the id of an operator of the graph that is to be lowered: how it goes with its pool."""
    if not any(name_of(b.model, operator) == _GRADIENT for operator in b.graph.operators):
        return {}
    return _Plan(b).found()


class _Plan:
    def __init__(self, b: Builder) -> None:
        self.b = b
        self.producers = {i: o for o in b.graph.operators for i in outputs_of(o)}
        self.readers = readers_of(b.graph)
        self.results = {int(index) for index in b.graph.outputs}

    def found(self) -> dict[int, Pooled]:
        plan: dict[int, Pooled] = {}
        for operator in self.b.graph.operators:
            pool = self._pool(operator) if self._name(operator) == _GRADIENT else None
            if pool is None:
                continue
            block, others = self._block(pool)
            plan |= {id(one): Pooled(pool.early, block) for one in (pool.forward, pool.gradient)}
            plan |= {id(one): Pooled(block=block) for one in others}
        return plan

    def _name(self, operator: schema.OperatorT) -> str:
        return name_of(self.b.model, operator)

    def _read_by(self, index: int, allowed: set[int]) -> bool:
        """Whether no others than these operators read a tensor."""
        return index not in self.results and {id(o) for o in self.readers[index]} <= allowed

    def _pool(self, gradient: schema.OperatorT) -> _Pool | None:
        """The pool of a gradient, where nothing but they read what goes into it."""
        x, y, _ = inputs_of(gradient)
        forward = self.producers.get(y)
        if forward is None or self._name(forward) not in MAX_POOLS or inputs_of(forward)[0] != x:
            return None
        if getattr(forward.builtinOptions, "fusedActivationFunction", None):
            return None
        slopes = tuple(
            reader
            for reader in self.readers[outputs_of(gradient)[0]]
            if self._name(reader) in _SLOPES and inputs_of(reader)[1] == x
        )
        early, given = 0, x
        alone = self._read_by(given, {id(one) for one in (forward, gradient, *slopes)})
        while alone and (source := self._source(given)) is not None:
            alone = self._read_by(source, {id(self.producers[given])})
            early, given = early + 1, source
        return _Pool(forward, gradient, slopes, early, given, alone)

    def _source(self, index: int) -> int | None:
        """What a tensor is that had a number a channel added, or was rectified; else None."""
        operator = self.producers.get(index)
        name = "" if operator is None else self._name(operator)
        if operator is None or name in _RISING:
            return None if operator is None else inputs_of(operator)[0]
        if name != "ADD" or operator.builtinOptions.fusedActivationFunction not in ACTIVATIONS:
            return None
        images = [i for i in inputs_of(operator) if set(self.b.tensor(i).shape[:-1]) - {1}]
        return images[0] if len(images) == 1 else None

    # --- the convolution before ------------------------------------------------------------

    def _block(self, pool: _Pool) -> tuple[Block | None, list[schema.OperatorT]]:
        """(The pool's window, the convolution and its gradients), where it may work by windows."""
        forward = self.producers.get(pool.given)
        gradients = self._filter_gradients(pool)
        if forward is None or not pool.alone or len(gradients) != 1:
            return None, []
        try:
            block = self._fitting(pool, forward, *gradients)
        except LoweringError:  # its sizes are not known yet
            return None, []
        return (block, [forward, *gradients]) if block else (None, [])

    def _filter_gradients(self, pool: _Pool) -> list[schema.OperatorT]:
        """What reads the pool's gradient to train a filter; none where something else reads it too,
        but for the sum that trains a bias.
        """
        dx = outputs_of(pool.gradient)[0]
        rest = [o for o in self.readers[dx] if id(o) not in {id(slope) for slope in pool.slopes}]
        if dx in self.results or (pool.slopes and rest):
            return []
        found = []
        for dz in [outputs_of(slope)[0] for slope in pool.slopes] or [dx]:
            for reader in self.readers[dz]:
                if self._name(reader) == "FlexConv2DBackpropFilter" and inputs_of(reader)[2] == dz:
                    found.append(reader)
                elif not self._sums_positions(reader):
                    return []
            if dz in self.results:
                return []
        return found

    def _sums_positions(self, operator: schema.OperatorT) -> bool:
        if self._name(operator) == "FlexBiasAddGrad":
            return read_flex(self.b.model, operator).text("data_format", "NHWC") == "NHWC"
        if self._name(operator) != "SUM" or operator.builtinOptions.keepDims:
            return False
        axes = self.b.tensor(inputs_of(operator)[1]).const
        return axes is not None and sorted(axes.ravel().tolist()) == [0, 1, 2]

    def _fitting(
        self, pool: _Pool, forward: schema.OperatorT, gradient: schema.OperatorT
    ) -> Block | None:
        if self._name(forward) not in ("CONV_2D", "FlexConv2D"):
            return None
        image = self.b.tensor(inputs_of(forward)[0])
        if inputs_of(gradient)[0] != image.index or kernel_of_variables(self.b, forward) is None:
            return None
        op = window_op(self.b, gradient, "Conv2DBackpropFilter")
        kernel = shape_of_gradient(op, self.b.tensor(inputs_of(gradient)[1]))
        rows, columns = windows_of(op, image.shape, kernel[:2])
        given = self.b.tensor(pool.given).shape
        steps = window_op(self.b, pool.gradient, "MaxPoolGrad")
        down, right = windows_of(steps, given, between(steps, "ksize", 2))
        block = (down.kernel, right.kernel)
        larger = block_windows(rows, columns, block)
        fits = (
            kernel[2] == image.shape[3]
            and rows.dilation == columns.dilation == 1
            and (down.size, right.size) == (rows.count, columns.count)
            and (down.stride, right.stride) == block != (1, 1)
            and (down.before, right.before) == (0, 0)
            and (down.count, right.count) == (rows.count // block[0], columns.count // block[1])
        )
        return block if fits and larger and pays(larger, image.dim(3)) else None
