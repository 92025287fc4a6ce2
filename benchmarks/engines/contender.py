"""What an engine must be able to do to take part; each lives in a file of contenders/.

A contender's module names its class `CONTENDER`: an engine with one model in it, made with the Work
and the number of threads. `VERSION` is its engine's. `INTEGER_LABELS = True` asks for y as int64
[N], which some losses are faster with. Where something has to be converted first,
`make(network, optimiser, material, folder)` does it, in a process of its own.

train(x, y) makes one step on a batch from memory, and gives the batch's mean cross-entropy before
the step: x float32 [N, *input_shape], y float32 [N, K] one-hot. A contender that only answers has
no such method. infer(x) gives the logits, float32 [N, K], in memory, with the weights as they are
now.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from benchmarks.engines.networks import Network

RATES = {"sgd": 0.01, "adam": 0.001}
# Of Adam. So small an epsilon that it does not matter whether it is added before the bias
# correction of √v (TensorFlow, ONNX Runtime) or after it (PyTorch, TensorFlow.js).
BETA_1, BETA_2, EPSILON = 0.9, 0.999, 1e-10


@dataclass(frozen=True)
class Work:
    """A cell of the table as an engine sees it.

    optimiser: "sgd" or "adam", with the rate of RATES. material: the folder of `write_material`.
    made: what the engine's own `make` wrote ahead; an empty folder for engines without one.
    """

    network: Network
    batch: int
    optimiser: str
    material: Path
    made: Path

    @property
    def rate(self) -> float:
        """The learning rate."""
        return RATES[self.optimiser]
