"""Runs one lowering rule on LiteRT and the real op in TensorFlow, on the same inputs."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import numpy as np
import tensorflow as tf
from ai_edge_litert.interpreter import Interpreter, OpResolverType
from graphs import empty

from odt_core.graph import resources
from odt_core.graph.flatbuffer import write
from odt_core.graph.flex import FlexOp
from odt_core.graph.rules.registry import RULES

Attributes = Mapping[str, object]
Arrays = Mapping[str, np.ndarray]


def run_tensorflow(op: str, inputs: Arrays, attributes: Attributes) -> list[np.ndarray]:
    """The outputs of tf.raw_ops.`op`, eagerly on the CPU."""
    tensors = {name: tf.constant(value) for name, value in inputs.items()}
    outputs = getattr(tf.raw_ops, op)(**tensors, **attributes)
    outputs = outputs if isinstance(outputs, (tuple, list)) else [outputs]
    return [output.numpy() for output in outputs]


def update_tensorflow(
    op: str, variables: Arrays, inputs: Arrays, attributes: Attributes
) -> list[np.ndarray]:
    """The variables after tf.raw_ops.`op` has worked on them; handles come before other inputs."""
    held = {name: tf.Variable(value) for name, value in variables.items()}
    tensors = {name: tf.constant(value) for name, value in inputs.items()}
    handles = {name: variable.handle for name, variable in held.items()}
    getattr(tf.raw_ops, op)(**handles, **tensors, **attributes)
    return [variable.numpy() for variable in held.values()]


def update_lowered(
    op: str, variables: Arrays, inputs: Arrays, attributes: Attributes
) -> list[np.ndarray]:
    """The variables after the rule for `op` has worked on them."""
    return run_lowered(op, inputs, attributes, variables=variables, dynamic=_batches(inputs))


def _batches(inputs: Arrays) -> list[str]:
    return [name for name in ("indices", "updates") if name in inputs]


def run_lowered(
    op: str,
    inputs: Arrays,
    attributes: Attributes,
    *,
    dynamic: Collection[str] = (),
    constant: Collection[str] = (),
    output_shapes: tuple[tuple[int | None, ...], ...] = (),
    xnnpack: bool = True,
    variables: Arrays | None = None,
) -> list[np.ndarray]:
    """The outputs of the rule for `op`.

    dynamic: inputs whose first dimension the model does not know. constant: inputs that are stored
    in the model. output_shapes: what the model declares of the op's outputs. variables: initial
    values; the op gets their handles first, and what they hold afterwards comes back as well.
    """
    builder = empty()
    model, graph = builder.model, builder.graph
    given = {name: value for name, value in inputs.items() if name not in constant}
    tensors = {
        name: builder.new((None, *value.shape[1:]) if name in dynamic else value.shape, value.dtype)
        if name in given
        else builder.constant(value, value.dtype)
        for name, value in inputs.items()
    }
    values = {k: v.encode() if isinstance(v, str) else v for k, v in attributes.items()}
    flex = FlexOp(op, op, values, output_shapes)  # type: ignore[arg-type]
    handles = []
    for name, value in (variables or {}).items():
        builder.resources.learn((b"", name.encode()), value.shape, value.dtype)
        handles.append(resources.handle(builder, (b"", name.encode())))
        resources.assign(builder, handles[-1], builder.constant(value))
    outputs = list(RULES[op](builder, flex, [*handles, *tensors.values()]))
    outputs += [resources.read(builder, handle) for handle in handles]
    graph.operators = builder.operators
    graph.inputs = np.array([tensors[name].index for name in given], np.int32)
    graph.outputs = np.array([output.index for output in outputs], np.int32)

    resolver = OpResolverType.AUTO if xnnpack else OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
    interpreter = Interpreter(
        model_content=write(model), num_threads=1, experimental_op_resolver_type=resolver
    )
    for name in given:
        interpreter.resize_tensor_input(tensors[name].index, given[name].shape)
    interpreter.allocate_tensors()
    for name in given:
        interpreter.set_tensor(tensors[name].index, given[name])
    interpreter.invoke()
    return [interpreter.get_tensor(output.index).copy() for output in outputs]


def worst_error(actual: np.ndarray, expected: np.ndarray) -> float:
    """The largest difference, relative to the largest expected magnitude."""
    assert actual.shape == expected.shape
    if not expected.size:
        return 0.0
    scale = float(np.abs(expected).max()) or 1.0
    return float(np.abs(actual - expected).max()) / scale


def normal(seed: int, *shape: int) -> np.ndarray:
    """Standard normal float32."""
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


def stretched_kernel(w: np.ndarray, dilations: tuple[int, int]) -> np.ndarray:
    """w [kh, kw, …] with its holes filled by zeros: what a dilated kernel amounts to."""
    (kh, kw), (dh, dw) = w.shape[:2], dilations
    wide = np.zeros(((kh - 1) * dh + 1, (kw - 1) * dw + 1, *w.shape[2:]), np.float32)
    wide[::dh, ::dw] = w
    return wide
