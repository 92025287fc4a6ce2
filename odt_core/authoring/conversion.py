"""SavedModel to .tflite: converted, freed of Flex ops, and checked against where it came from."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from ai_edge_litert.interpreter import Interpreter

from odt_core.authoring.backend import saved_model_pb2, tf
from odt_core.errors import AuthoringError, LoweringError
from odt_core.graph import GET_STATE, describe, lower
from odt_core.graph.baking.bake import bake
from odt_core.graph.baking.initial import initial_values

_PRODUCTS, _PASSES = frozenset({"MatMul", "Einsum"}), frozenset({"Identity", "Reshape"})
_LIMITS = frozenset({"Relu", "Relu6", "Maximum", "Minimum"})
_NOTHING = np.zeros((0, 0, 0))
_OPS = re.compile(r"(?:Flex|Custom) ops:\s*([^\n]*)")


def convert_saved_model(saved_model_dir: str | Path) -> bytes:
    """The .tflite of a SavedModel, with all its signatures, running on plain LiteRT.

    Weights start as the SavedModel has them: the converter loses those that belong to a Keras 3
    model in it. Checked before it is returned: no Flex op is left, and what its signature
    `parameters` (where there is one) returns in a fresh interpreter equals what the SavedModel's
    returns.
    Raises AuthoringError when the SavedModel cannot be read or converted, naming the op that is in
    the way, or when the converted model does not hold the weights.
    """
    flex = convert_with_flex(saved_model_dir)
    lowered = _with_lost_values(lower_converted(flex), saved_model_dir)
    _check_parameters(lowered, saved_model_dir)
    _check_initial(lowered)
    return lowered


def convert_with_flex(saved_model_dir: str | Path) -> bytes:
    """The .tflite as TensorFlow's converter makes it, Flex ops and all.

    Phones run it with the Select-TF-ops library; no current Python runtime does.
    Raises AuthoringError as `convert_saved_model` does.
    """
    directory = Path(saved_model_dir)
    if not (directory / "saved_model.pb").is_file():
        raise AuthoringError(
            f"{directory} holds no SavedModel (no saved_model.pb). Write one with save_model first."
        )
    converter = tf.lite.TFLiteConverter.from_saved_model(str(directory))
    converter.unfold_batchmatmul = _clips_products(directory)
    return run_converter(converter, flex=True)


def _clips_products(directory: Path) -> bool:
    """Whether a SavedModel has a ReLU, or another limit, right after a matrix product.

    Where weights are variables, TensorFlow's converter (2.21) makes a FULLY_CONNECTED of the two,
    then a BATCH_MATMUL of that, and the ReLU is gone. Told to unfold products it keeps both.
    """
    saved = saved_model_pb2.SavedModel()
    saved.ParseFromString((directory / "saved_model.pb").read_bytes())
    graphs = [graph.graph_def for graph in saved.meta_graphs]
    bodies = [one.node_def for graph in graphs for one in graph.library.function]
    for nodes in [*bodies, *(graph.node for graph in graphs)]:
        by_name = {node.name: node for node in nodes}

        def maker(name: str, by_name: dict[str, Any] = by_name) -> str:
            node = by_name.get(name.split(":")[0])
            if node is not None and node.op in _PASSES and node.input:
                return maker(node.input[0])
            return "" if node is None else str(node.op)

        for node in nodes:
            if node.op in _LIMITS and any(maker(name) in _PRODUCTS for name in node.input):
                return True
    return False


def run_converter(converter: Any, *, flex: bool) -> bytes:
    """Runs TensorFlow's converter on builtin ops, and on TensorFlow's own too where `flex`.

    Raises AuthoringError naming what stood in the way.
    """
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS]
    if flex:
        converter.target_spec.supported_ops.append(tf.lite.OpsSet.SELECT_TF_OPS)
    converter.allow_custom_ops = flex  # lowering knows some ops that Flex does not
    converter.experimental_enable_resource_variables = True
    try:
        with _quiet():
            return bytes(converter.convert())
    except Exception as error:  # the converter raises whatever MLIR reports
        ops = sorted({op.strip() for found in _OPS.findall(str(error)) for op in found.split(",")})
        what = f"the ops {', '.join(ops)}" if ops else str(error).strip().splitlines()[-1][:300]
        raise AuthoringError(
            f"TensorFlow's converter cannot turn this model into .tflite: {what}. "
            "Build the model without the layer that needs this."
        ) from error


def lower_converted(data: bytes) -> bytes:
    """A converted model without Flex ops.

    Raises AuthoringError naming every op that has no builtin form.
    """
    try:
        lowered = lower(data)
    except LoweringError as error:
        raise AuthoringError(str(error)) from error
    problems = [missing.message for missing in lowered.missing]
    problems += [
        f"The op {name} has no builtin form. Build the model without the layer that needs it."
        for name in lowered.describe().custom_ops
    ]
    if problems:
        raise AuthoringError(" ".join(dict.fromkeys(problems)))
    return lowered.data


def _with_lost_values(data: bytes, saved_model_dir: str | Path) -> bytes:
    """The model with the SavedModel's values for variables that the converter left without one,
    where their names tell which is which.
    """
    variables = describe(data).variables
    if all(variable.has_initial_value for variable in variables):
        return data
    loaded = tf.saved_model.load(str(saved_model_dir))
    saved: dict[str, list[Any]] = {}
    for signature in loaded.signatures.values():
        for variable in signature.variables:
            same = saved.setdefault(variable.name.removesuffix(":0"), [])
            if not any(variable is other for other in same):
                same.append(variable)
    state = {name: same[0].numpy() for name, same in saved.items() if len(same) == 1}
    state |= initial_values(data)
    if any(state.get(v.name, _NOTHING).shape != v.shape for v in variables):
        return data
    return bake(data, {variable.name: state[variable.name] for variable in variables})


def _check_parameters(data: bytes, saved_model_dir: str | Path) -> None:
    interpreter = Interpreter(model_content=data, num_threads=1)
    signatures = interpreter.get_signature_list()
    if "parameters" not in signatures or signatures["parameters"]["inputs"]:
        return
    loaded = tf.saved_model.load(str(saved_model_dir))
    check_values(
        interpreter.get_signature_runner("parameters")(),
        {name: value.numpy() for name, value in loaded.signatures["parameters"]().items()},
    )


def _check_initial(data: bytes) -> None:
    """Raises AuthoringError when a signature that only reads variables has none to read."""
    about = describe(data)
    empty = {v.name for v in about.variables if not v.has_initial_value}
    for signature in about.signatures:
        lost = sorted(empty.intersection(signature.reads))
        if lost and not signature.assigns and signature.name != GET_STATE:
            raise AuthoringError(
                f"The converted model has lost the initial value of {lost[0]}, which its signature "
                f"'{signature.name}' reads. Hold the weights in tf.Variables of the saved module "
                f"itself, not only in a Keras model."
            )


def state_of(data: bytes) -> dict[str, np.ndarray]:
    """The variables of a lowered model in a fresh interpreter, by name."""
    interpreter = Interpreter(model_content=data, num_threads=1)
    values = interpreter.get_signature_runner(GET_STATE)()
    return {v.name: values[f"v{k}"] for k, v in enumerate(describe(data).variables)}


def check_values(given: dict[str, np.ndarray], expected: dict[str, np.ndarray]) -> None:
    """Raises AuthoringError when a converted model's weights are not those it was made from."""
    for name, value in expected.items():
        if name not in given or not np.array_equal(given[name], value):
            raise AuthoringError(
                f"The converted model has lost the initial value of {name}. Hold the weights in "
                "tf.Variables of the saved module itself, not only in a Keras model."
            )


@contextmanager
def _quiet() -> Iterator[None]:
    """Sends what C++ prints during a conversion (its notes on Flex ops) nowhere."""
    saved, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(saved, 2)
        os.close(saved)
        os.close(nowhere)
