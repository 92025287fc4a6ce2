"""ONNX Runtime Training: a forward graph, its training artifacts, and a session for answers.

Answers come from an ordinary inference session, with the initial weights as constants: what a
product would ship, and faster than the training module's own evaluation.
"""

from __future__ import annotations

import math
import os
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from onnxruntime.training import api

from benchmarks.engines.contender import BETA_1, BETA_2, EPSILON, Work
from benchmarks.engines.material import read_weights
from benchmarks.engines.networks import Conv, Dense, MaxPool, Network

VERSION = f"ONNX Runtime Training {onnxruntime.__version__}"
INTEGER_LABELS = True


class OnnxTraining:
    """A training module with its optimiser."""

    def __init__(self, work: Work, threads: int) -> None:
        folder = work.made
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        state = api.CheckpointState.load_checkpoint(folder / "checkpoint")
        self._module = api.Module(
            folder / "training_model.onnx",
            state,
            folder / "eval_model.onnx",
            session_options=options,
        )
        self._optimiser = api.Optimizer(folder / "optimizer_model.onnx", self._module)
        self._optimiser.set_learning_rate(work.rate)
        self._module.train()
        self._session = onnxruntime.InferenceSession(
            folder / "forward.onnx", options, providers=["CPUExecutionProvider"]
        )
        self._shape = _channels_first(work.network.input_shape)

    def _input(self, x: np.ndarray) -> np.ndarray:
        """[N, H, W, C] -> [N, C, H, W], which for one channel are the same bytes."""
        if x.ndim == 4 and x.shape[3] > 1:
            return np.ascontiguousarray(x.transpose(0, 3, 1, 2))
        return x.reshape((len(x), *self._shape))

    def train(self, x: np.ndarray, y: np.ndarray) -> float:
        loss = self._module(self._input(x), y)
        self._optimiser.step()
        self._module.lazy_reset_grad()
        return float(loss)

    def infer(self, x: np.ndarray) -> np.ndarray:
        return self._session.run(None, {"x": self._input(x)})[0]


def make(network: Network, optimiser: str, material: Path, folder: Path) -> None:
    """The forward graph and what ONNX Runtime derives from it."""
    import onnx
    from onnxruntime.training import artifacts, onnxblock

    forward, learning, frozen = _forward(network, material)
    onnx.save(forward, folder / "forward.onnx")
    rule: Any = artifacts.OptimType.SGD
    if optimiser == "adam":
        rule = onnxblock.optim.AdamW(betas=(BETA_1, BETA_2), eps=EPSILON, weight_decay=0.0)
    artifacts.generate_artifacts(
        forward,
        requires_grad=learning,
        frozen_params=frozen,
        loss=artifacts.LossType.CrossEntropyLoss,
        optimizer=rule,
        artifact_directory=os.fspath(folder),
    )


def _forward(network: Network, material: Path) -> tuple[Any, list[str], list[str]]:
    """The model x -> logits, and the names of the weights that learn and that do not."""
    from onnx import TensorProto, helper, numpy_helper

    weights = iter(read_weights(material, network))
    nodes, constants, learning, frozen = [], [], [], []
    flow, shape, names = "x", network.input_shape, iter(range(1000))

    def node(kind: str, inputs: list[str], **attributes: Any) -> str:
        output = f"t{next(names)}"
        nodes.append(helper.make_node(kind, inputs, [output], **attributes))
        return output

    def weight(value: np.ndarray, still: bool) -> str:
        name = f"w{len(constants)}"
        constants.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        (frozen if still else learning).append(name)
        return name

    for layer, before, after in network.walk():
        if isinstance(layer, MaxPool):
            sides = [layer.size, layer.size]
            flow = node("MaxPool", [flow], kernel_shape=sides, strides=sides)
        elif isinstance(layer, Conv):
            kernel = next(weights).transpose(3, 2, 0, 1)  # [k, k, C, F] -> [F, C, k, k]
            flow = node(
                "Conv",
                [flow, weight(kernel, layer.frozen), weight(next(weights), layer.frozen)],
                kernel_shape=[layer.kernel] * 2,
                strides=[layer.stride] * 2,
                pads=_pads(layer, before, after),
            )
            flow = node("Relu", [flow])
        else:
            kernel = next(weights)
            if len(shape) == 3:
                flow = node("Flatten", [flow], axis=1)
                # Flattened with channels first: the rows of the kernel follow, once.
                rows = np.arange(before[0]).reshape(shape).transpose(2, 0, 1).ravel()
                kernel = kernel[rows]
            still = layer.frozen
            flow = node("Gemm", [flow, weight(kernel, still), weight(next(weights), still)])
            flow = node("Relu", [flow]) if layer.relu else flow
        shape = after
    assert isinstance(network.layers[-1], Dense)
    graph = helper.make_graph(
        nodes,
        network.name,
        [
            helper.make_tensor_value_info(
                "x", TensorProto.FLOAT, ["N", *_channels_first(network.input_shape)]
            )
        ],
        [helper.make_tensor_value_info(flow, TensorProto.FLOAT, ["N", network.classes])],
        constants,
    )
    opset = [helper.make_opsetid("", 17)]
    return helper.make_model(graph, opset_imports=opset, ir_version=8), learning, frozen


def _channels_first(shape: tuple[int, ...]) -> tuple[int, ...]:
    return (shape[-1], *shape[:-1]) if len(shape) == 3 else shape


def _pads(layer: Conv, before: tuple[int, ...], after: tuple[int, ...]) -> list[int]:
    """TensorFlow's SAME padding: the odd one at the end."""
    if layer.padding == "valid":
        return [0, 0, 0, 0]
    total = [
        max((new - 1) * layer.stride + layer.kernel - old, 0)
        for new, old in zip(after[:2], before[:2], strict=True)
    ]
    return [t // 2 for t in total] + [math.ceil(t / 2) for t in total]


CONTENDER = OnnxTraining
