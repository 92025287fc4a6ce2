"""Optional values without optionals: what the branches of a condition hand to its gradient's.

The gradient of tf.cond is a condition again, whose branches get what the same branch of the first
one computed, wrapped as an optional; a branch that has nothing to hand on gives none. Written out,
both branches are computed and every result is chosen by the condition; a value that only one
branch knows is noted with its condition. Op definitions:
https://www.tensorflow.org/api_docs/python/tf/raw_ops/OptionalFromValue and its neighbours.
"""

from __future__ import annotations

from dataclasses import dataclass

from odt_core.errors import LoweringError
from odt_core.graph.building import Builder
from odt_core.graph.tensor import Tensor


@dataclass(frozen=True)
class Nothing:
    """An optional without a value."""


@dataclass(frozen=True)
class Either:
    """One value where a condition, bool [], holds, another where it does not."""

    condition: Tensor
    then: object
    other: object

    def where(self, condition: Tensor, *, holds: bool) -> object:
        """What stands for it inside a branch of a condition."""
        if condition.index != self.condition.index:
            return self
        return self.then if holds else self.other


def chosen(b: Builder, condition: Tensor, then: object, other: object, *, wrapped: bool) -> object:
    """What a condition gives that gives `then` in one branch, `other` in the other.

    wrapped: as an optional, which stays undecided until somebody reads it.
    """
    if then == other:
        return then
    if wrapped:
        return Either(condition, then, other)
    if not isinstance(then, Tensor) or not isinstance(other, Tensor):
        raise LoweringError(
            "its branches return lists of tensors, or none. Write the condition with tf.where."
        )
    return b.select(b.reshape(condition, ()), then, other)


def value_of(b: Builder, optional: object) -> Tensor:
    """The tensor in an optional."""
    if isinstance(optional, Tensor):
        return optional
    if isinstance(optional, Either):
        then, other = (value_of(b, one) for one in (optional.then, optional.other))
        return b.select(b.reshape(optional.condition, ()), then, other)
    raise LoweringError("it reads an optional that has no value.")
