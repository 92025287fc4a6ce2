"""What every engine is given on disk: the same initial weights and the same batches.

Files are .npy, which every environment reads the same way, whatever its numpy.
"""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np

from benchmarks.engines.networks import Network

# Each of the inputs comes with five different labellings in turn. So nobody can learn them by
# heart: gradients stay of ordinary size however long a clock runs, where else they would fade to
# denormal numbers, which some engines flush to zero and others compute slowly.
INPUTS, BATCHES = 4, 20


def write_material(
    network: Network, batch: int, folder: Path, weights: list[np.ndarray] | None = None
) -> Path:
    """Write weights w0, w1, … and batches x [4, N, …], y [20, N, K] one-hot; returns their folder.

    Batch k is x[k % 4], y[k % 20]. weights: those of a trained model, else He's initial ones.
    """
    folder = folder / f"{network.name}-{batch}"
    folder.mkdir(parents=True, exist_ok=True)
    for index, array in enumerate(weights or initial_weights(network)):
        np.save(folder / f"w{index}.npy", array)
    rng = np.random.default_rng(11)
    np.save(folder / "x.npy", rng.random((INPUTS, batch, *network.input_shape), np.float32))
    labels = rng.integers(0, network.classes, (BATCHES, batch))
    np.save(folder / "y.npy", np.eye(network.classes, dtype=np.float32)[labels])
    return folder


def initial_weights(network: Network) -> list[np.ndarray]:
    """He et al. 2015 (arXiv:1502.01852): normal with variance 2 / fan-in; biases nought."""
    rng = np.random.default_rng(7)
    return [
        np.zeros(shape, np.float32)
        if len(shape) == 1
        else (rng.standard_normal(shape) * math.sqrt(2 / math.prod(shape[:-1]))).astype(np.float32)
        for shape in network.weights
    ]


def read_weights(folder: Path, network: Network) -> list[np.ndarray]:
    """The weights of `write_material`, in the order of `network.weights`."""
    return [np.load(folder / f"w{index}.npy") for index in range(len(network.weights))]


def read_batches(folder: Path) -> list[tuple[np.ndarray, np.ndarray]]:
    """The batches in the order in which they are trained on."""
    x, y = np.load(folder / "x.npy"), np.load(folder / "y.npy")
    return [(x[k % INPUTS], y[k]) for k in range(BATCHES)]
