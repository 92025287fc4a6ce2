"""PyTorch, eager, with its fused optimisers."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

from benchmarks.engines.contender import BETA_1, BETA_2, EPSILON, Work
from benchmarks.engines.material import read_weights
from benchmarks.engines.networks import Conv, MaxPool

VERSION = f"PyTorch {torch.__version__}"
INTEGER_LABELS = True


class PyTorch:
    """An nn.Sequential that takes the batches as they are, [N, H, W, C] seen as [N, C, H, W]."""

    def __init__(self, work: Work, threads: int) -> None:
        torch.set_num_threads(threads)
        self._pictures = len(work.network.input_shape) == 3
        self._net = _sequential(work)
        learning = [p for p in self._net.parameters() if p.requires_grad]
        if work.optimiser == "sgd":
            self._optimiser = torch.optim.SGD(learning, lr=work.rate, fused=True)
        else:
            self._optimiser = torch.optim.Adam(
                learning, lr=work.rate, betas=(BETA_1, BETA_2), eps=EPSILON, fused=True
            )
        self._loss = nn.CrossEntropyLoss()

    def _input(self, x: np.ndarray) -> torch.Tensor:
        tensor = torch.from_numpy(x)
        return tensor.permute(0, 3, 1, 2) if self._pictures else tensor

    def train(self, x: np.ndarray, y: np.ndarray) -> float:
        self._optimiser.zero_grad(set_to_none=True)
        loss = self._loss(self._net(self._input(x)), torch.from_numpy(y))
        loss.backward()
        self._optimiser.step()
        return loss.item()

    def infer(self, x: np.ndarray) -> np.ndarray:
        with torch.inference_mode():
            return self._net(self._input(x)).numpy()


def _sequential(work: Work) -> nn.Sequential:
    weights = iter(read_weights(work.material, work.network))
    parts: list[nn.Module] = []
    flat = False
    for layer, before, after in work.network.walk():
        if isinstance(layer, MaxPool):
            parts.append(nn.MaxPool2d(layer.size))
            shape = after
            continue
        kernel, bias = next(weights), next(weights)
        if isinstance(layer, Conv):
            parts += _convolution(layer, before, after)
            kernel = kernel.transpose(3, 2, 0, 1)  # [k, k, C, F] -> [F, C, k, k]
            own: nn.Module = parts[-1]
            relu, shape = True, after
        else:
            if not flat and len(work.network.input_shape) == 3:
                parts.append(nn.Flatten())
                first = work.network.input_shape if not parts[:-1] else shape
                # PyTorch flattens channels first: the rows of the kernel follow, once.
                rows = np.arange(before[0]).reshape(first).transpose(2, 0, 1).ravel()
                kernel = kernel[rows]
            flat = True
            own = nn.Linear(before[0], layer.units)
            parts.append(own)
            kernel, relu = kernel.T, layer.relu
        with torch.no_grad():
            own.weight.copy_(torch.from_numpy(np.ascontiguousarray(kernel)))
            own.bias.copy_(torch.from_numpy(bias))
        own.requires_grad_(not layer.frozen)
        if relu:
            parts.append(nn.ReLU(inplace=True))
    return nn.Sequential(*parts)


def _convolution(layer: Conv, before: tuple[int, ...], after: tuple[int, ...]) -> list[nn.Module]:
    """The convolution, with TensorFlow's SAME padding before it where it is lopsided."""
    convolution = nn.Conv2d(before[2], layer.filters, layer.kernel, layer.stride)
    if layer.padding == "valid":
        return [convolution]
    total = max((after[0] - 1) * layer.stride + layer.kernel - before[0], 0)
    low, high = total // 2, total - total // 2
    if low == high:
        convolution.padding = (low, low)
        return [convolution]
    return [nn.ZeroPad2d((low, high, low, high)), convolution]


CONTENDER = PyTorch
