"""Optimiser updates: ResourceApply… on whole variables, ResourceSparseApply… on some of their rows.

Each is one small function from the variable, its slots and the op's numbers to their new values.
Formulas: tensorflow/core/kernels/training_ops.cc, described at
https://www.tensorflow.org/api_docs/python/tf/raw_ops under the ops' names. g is the gradient.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any

from odt_core.errors import LoweringError
from odt_core.graph import resources
from odt_core.graph.building import Builder
from odt_core.graph.flex import FlexOp
from odt_core.graph.rules.activation import step
from odt_core.graph.rules.registry import rule
from odt_core.graph.rules.rows import gather_rows, put_rows
from odt_core.graph.tensor import Tensor

# new values of the variable and its slots, in the order in which they come in
Update = Callable[[Builder, FlexOp, Any], list[Tensor]]

_SLOTS = frozenset({"var", "accum", "m", "v", "vhat", "ms", "mg", "mom", "accum_update", "linear"})


def _declare(name: str, inputs: str, update: Update, sparse: str | None = None) -> None:
    """Rules for ResourceApply`name` and, with `sparse` (its inputs), ResourceSparseApply`name`.

    The rows of a sparse update must be different ones, as Keras makes sure: TensorFlow applies an
    index that comes twice twice, here the last one counts.
    """

    def dense(b: Builder, op: FlexOp, given: Sequence[Tensor]) -> Sequence[Tensor]:
        handles, values = _inputs(b, inputs, given)
        for slot, new in zip(handles, update(b, op, SimpleNamespace(**values)), strict=True):
            resources.assign(b, handles[slot], new)
        return []

    def by_rows(b: Builder, op: FlexOp, given: Sequence[Tensor]) -> Sequence[Tensor]:
        handles, values = _inputs(b, sparse or "", given)
        whole = {slot: values[slot] for slot in handles}
        indices = values.pop("indices")
        values |= {slot: gather_rows(b, table, indices) for slot, table in whole.items()}
        for slot, new in zip(handles, update(b, op, SimpleNamespace(**values)), strict=True):
            resources.assign(b, handles[slot], put_rows(b, whole[slot], indices, new))
        return []

    dense.__doc__ = by_rows.__doc__ = update.__doc__
    rule(f"ResourceApply{name}", since="0.2")(dense)
    if sparse is not None:
        rule(f"ResourceSparseApply{name}", since="0.2")(by_rows)


def _inputs(
    b: Builder, names: str, given: Sequence[Tensor]
) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """The handles, and the values of all inputs, by name."""
    named = dict(zip(names.split(), given, strict=True))
    handles = {name: tensor for name, tensor in named.items() if name in _SLOTS}
    return handles, named | {name: resources.read(b, slot) for name, slot in handles.items()}


def gradient_descent(b: Builder, op: FlexOp, s: Any) -> list[Tensor]:
    """var − lr·g."""
    return [b.sub(s.var, b.mul(s.g, s.lr))]


def momentum(b: Builder, op: FlexOp, s: Any) -> list[Tensor]:
    """a' = a·momentum + g; var − lr·a', with Nesterov var − lr·(g + momentum·a')."""
    accum = b.add(b.mul(s.accum, s.momentum), s.g)
    step = b.mul(accum, s.lr)
    if op.flag("use_nesterov"):
        step = b.add(b.mul(s.g, s.lr), b.mul(b.mul(accum, s.momentum), s.lr))
    return [b.sub(s.var, step), accum]


def keras_momentum(b: Builder, op: FlexOp, s: Any) -> list[Tensor]:
    """a' = a·momentum − lr·g; var + a', with Nesterov var + momentum·a' − lr·g."""
    step = b.mul(s.g, s.lr)
    accum = b.sub(b.mul(s.accum, s.momentum), step)
    if op.flag("use_nesterov"):
        return [b.add(s.var, b.sub(b.mul(accum, s.momentum), step)), accum]
    return [b.add(s.var, accum), accum]


def adagrad(b: Builder, op: FlexOp, s: Any) -> list[Tensor]:
    """a' = a + g² (unless slots stay); var − lr·g/√a'."""
    accum = b.add(s.accum, b.square(s.g)) if op.flag("update_slots", True) else s.accum
    return [b.sub(s.var, b.div(b.mul(s.g, s.lr), b.sqrt(accum))), accum]


def adagrad_v2(b: Builder, op: FlexOp, s: Any) -> list[Tensor]:
    """a' = a + g² (unless slots stay); var − lr·g/(√a' + ε)."""
    accum = b.add(s.accum, b.square(s.g)) if op.flag("update_slots", True) else s.accum
    return [b.sub(s.var, b.div(b.mul(s.g, s.lr), b.add(b.sqrt(accum), s.epsilon))), accum]


def adadelta(b: Builder, op: FlexOp, s: Any) -> list[Tensor]:
    """a' = ρ·a + (1 − ρ)·g²; d = √(u + ε)/√(a' + ε)·g; var − lr·d; u' = ρ·u + (1 − ρ)·d²."""
    rest = b.sub(1.0, s.rho)
    accum = b.add(b.mul(s.accum, s.rho), b.mul(b.square(s.g), rest))
    rate = b.mul(b.sqrt(b.add(s.accum_update, s.epsilon)), b.rsqrt(b.add(accum, s.epsilon)))
    step = b.mul(rate, s.g)
    accum_update = b.add(b.mul(s.accum_update, s.rho), b.mul(b.square(step), rest))
    return [b.sub(s.var, b.mul(step, s.lr)), accum, accum_update]


def rms_prop(b: Builder, op: FlexOp, s: Any) -> list[Tensor]:
    """s' = s + (g² − s)·(1 − ρ); p' = momentum·p + lr·g/√(s' + ε); var − p'."""
    ms = _towards(b, s.ms, b.square(s.g), s.rho)
    step = b.mul(b.mul(s.g, s.lr), b.rsqrt(b.add(ms, s.epsilon)))
    mom = b.add(b.mul(s.mom, s.momentum), step)
    return [b.sub(s.var, mom), ms, mom]


def centered_rms_prop(b: Builder, op: FlexOp, s: Any) -> list[Tensor]:
    """As RMSProp, with s' − m'² for s', m' = m + (g − m)·(1 − ρ) being the mean gradient."""
    ms, mg = _towards(b, s.ms, b.square(s.g), s.rho), _towards(b, s.mg, s.g, s.rho)
    spread = b.add(b.sub(ms, b.square(mg)), s.epsilon)
    mom = b.add(b.mul(s.mom, s.momentum), b.mul(b.mul(s.g, s.lr), b.rsqrt(spread)))
    return [b.sub(s.var, mom), mg, ms, mom]


def adam(b: Builder, op: FlexOp, s: Any) -> list[Tensor]:
    """m' = m + (g − m)·(1 − β₁); v' = v + (g² − v)·(1 − β₂);
    var − lr·√(1 − β₂ᵗ)/(1 − β₁ᵗ)·m'/(√v' + ε), with Nesterov β₁·m' + (1 − β₁)·g for m'.
    """
    m, v = _towards(b, s.m, s.g, s.beta1), _towards(b, s.v, b.square(s.g), s.beta2)
    ahead = m
    if op.flag("use_nesterov"):
        ahead = b.add(b.mul(m, s.beta1), b.mul(s.g, b.sub(1.0, s.beta1)))
    return [b.sub(s.var, _adam_step(b, s, ahead, v)), m, v]


def amsgrad(b: Builder, op: FlexOp, s: Any) -> list[Tensor]:
    """As Adam, with the largest v' so far in the denominator."""
    m, v = _towards(b, s.m, s.g, s.beta1), _towards(b, s.v, b.square(s.g), s.beta2)
    largest = b.maximum(s.vhat, v)
    return [b.sub(s.var, _adam_step(b, s, m, largest)), m, v, largest]


def ada_max(b: Builder, op: FlexOp, s: Any) -> list[Tensor]:
    """m' as Adam's; v' = max(β₂·v, |g|); var − lr/(1 − β₁ᵗ)·m'/(v' + ε)."""
    m = _towards(b, s.m, s.g, s.beta1)
    v = b.maximum(b.mul(s.v, s.beta2), b.abs(s.g))
    rate = b.div(s.lr, b.sub(1.0, s.beta1_power))
    return [b.sub(s.var, b.mul(b.div(m, b.add(v, s.epsilon)), rate)), m, v]


def add_sign(b: Builder, op: FlexOp, s: Any) -> list[Tensor]:
    """m' = β·m + (1 − β)·g; var − lr·(α + decay·sign(g)·sign(m'))·g."""
    m = _towards(b, s.m, s.g, s.beta)
    agree = b.mul(b.sign(s.g), b.sign(m))
    return [b.sub(s.var, b.mul(b.mul(b.add(b.mul(agree, s.decay), s.alpha), s.g), s.lr)), m]


def power_sign(b: Builder, op: FlexOp, s: Any) -> list[Tensor]:
    """m' = β·m + (1 − β)·g; var − lr·exp(logbase·decay·sign(g)·sign(m'))·g."""
    m = _towards(b, s.m, s.g, s.beta)
    agree = b.mul(b.sign(s.g), b.sign(m))
    factor = b.exp(b.mul(agree, b.mul(s.logbase, s.decay)))
    return [b.sub(s.var, b.mul(b.mul(factor, s.g), s.lr)), m]


def ftrl(b: Builder, op: FlexOp, s: Any) -> list[Tensor]:
    """a' = a + g²; l' = l + g + 2·shrinkage·var − (a'^−p − a^−p)/lr·var;
    (l₁·sign(l') − l')/(a'^−p/lr + 2·l₂) where |l'| > l₁, else 0. (H. B. McMahan et al.: Ad Click
    Prediction, 2013.) p is the power of the learning rate, −½ as a rule.
    """
    if op.flag("multiply_linear_by_lr"):
        raise LoweringError("it multiplies its linear term by the rate. Build it without that.")
    power = b.neg(s.lr_power)
    accum = b.add(s.accum, b.square(s.g))
    new, old = _root(b, accum, power), _root(b, s.accum, power)
    gradient = s.g
    if hasattr(s, "shrinkage"):
        gradient = b.add(s.g, b.mul(s.var, b.mul(s.shrinkage, 2.0)))
    sigma = b.div(b.sub(new, old), s.lr)
    linear = b.sub(b.add(s.linear, gradient), b.mul(sigma, s.var))
    quadratic = b.add(b.div(new, s.lr), b.mul(s.l2, 2.0))
    pulled = b.sub(b.mul(b.sign(linear), s.l1), linear)
    beyond = step(b, b.sub(b.abs(linear), s.l1))
    var = b.div(b.mul(beyond, pulled), b.add(quadratic, b.sub(1.0, beyond)))
    return [var, accum, linear]


def proximal_gradient_descent(b: Builder, op: FlexOp, s: Any) -> list[Tensor]:
    """p = var − lr·g; sign(p)·max(|p| − lr·l₁, 0)/(1 + lr·l₂)."""
    return [_shrunk(b, s, b.sub(s.var, b.mul(s.g, s.lr)), s.lr)]


def proximal_adagrad(b: Builder, op: FlexOp, s: Any) -> list[Tensor]:
    """a' = a + g²; as ProximalGradientDescent with the rate lr/√a'."""
    accum = b.add(s.accum, b.square(s.g))
    rate = b.div(s.lr, b.sqrt(accum))
    return [_shrunk(b, s, b.sub(s.var, b.mul(s.g, rate)), rate), accum]


def _shrunk(b: Builder, s: Any, moved: Tensor, rate: Tensor) -> Tensor:
    size = b.relu(b.sub(b.abs(moved), b.mul(rate, s.l1)))
    return b.div(b.mul(b.sign(moved), size), b.add(b.mul(rate, s.l2), 1.0))


def _towards(b: Builder, old: Tensor, new: Tensor, keep: Tensor) -> Tensor:
    """old + (new − old)·(1 − keep)."""
    return b.add(old, b.mul(b.sub(new, old), b.sub(1.0, keep)))


def _adam_step(b: Builder, s: Any, m: Tensor, v: Tensor) -> Tensor:
    rate = b.mul(s.lr, b.div(b.sqrt(b.sub(1.0, s.beta2_power)), b.sub(1.0, s.beta1_power)))
    return b.div(b.mul(m, rate), b.add(b.sqrt(v), s.epsilon))


def _root(b: Builder, x: Tensor, power: Tensor) -> Tensor:
    if power.const is not None and float(power.const) == 0.5:
        return b.sqrt(x)
    return b.pow(x, power)


_declare("GradientDescent", "var lr g", gradient_descent)
_declare("Momentum", "var accum lr g momentum", momentum, "var accum lr g indices momentum")
_declare(
    "KerasMomentum",
    "var accum lr g momentum",
    keras_momentum,
    "var accum lr g indices momentum",
)
_declare("Adagrad", "var accum lr g", adagrad, "var accum lr g indices")
_declare("AdagradV2", "var accum lr epsilon g", adagrad_v2, "var accum lr epsilon g indices")
_declare(
    "Adadelta",
    "var accum accum_update lr rho epsilon g",
    adadelta,
    "var accum accum_update lr rho epsilon g indices",
)
_declare(
    "RMSProp",
    "var ms mom lr rho momentum epsilon g",
    rms_prop,
    "var ms mom lr rho momentum epsilon g indices",
)
_declare(
    "CenteredRMSProp",
    "var mg ms mom lr rho momentum epsilon g",
    centered_rms_prop,
    "var mg ms mom lr rho momentum epsilon g indices",
)
_declare("Adam", "var m v beta1_power beta2_power lr beta1 beta2 epsilon g", adam)
_declare(
    "AdamWithAmsgrad",
    "var m v vhat beta1_power beta2_power lr beta1 beta2 epsilon g",
    amsgrad,
)
_declare("AdaMax", "var m v beta1_power lr beta1 beta2 epsilon g", ada_max)
_declare("AddSign", "var m lr alpha decay beta g", add_sign)
_declare("PowerSign", "var m lr logbase decay beta g", power_sign)
_declare(
    "Ftrl",
    "var accum linear g lr l1 l2 lr_power",
    ftrl,
    "var accum linear g indices lr l1 l2 lr_power",
)
_declare(
    "FtrlV2",
    "var accum linear g lr l1 l2 shrinkage lr_power",
    ftrl,
    "var accum linear g indices lr l1 l2 shrinkage lr_power",
)
_declare(
    "ProximalGradientDescent",
    "var lr l1 l2 g",
    proximal_gradient_descent,
    "var lr l1 l2 g indices",
)
_declare(
    "ProximalAdagrad",
    "var accum lr l1 l2 g",
    proximal_adagrad,
    "var accum lr l1 l2 g indices",
)
