"""A convolution of few channels whose outputs a max pool takes window by window.

The ph·pw outputs of one of the pool's windows read one patch of the image, a little larger than the
convolution's own. So with such patches P [N·Q·R, K], K = kh'·kw'·C, and the weights once for each
place in the window,

    V = E·W  [K, ph·pw·O],   y = P·V  [N·Q·R, ph·pw·O],   ∂L/∂W = Eᵀ·(Pᵀ·∂L/∂y),

where E [K·ph·pw, kh·kw·C] says with zeros and ones where in the patch each weight lies. There are
more multiplications, by zeros, but the products are of a better shape, what the pool compares lies
side by side, and its gradient does not have to be woven together (measured for the step of a layer
of 16 filters 3×3 on 28×28 pixels: 0.62).

Such a y is kept as [N, Q, R·ph·pw, O]: what treats every position alike need not know.
"""

from __future__ import annotations

import numpy as np

from odt_core.graph.building import Builder
from odt_core.graph.rules.convolution import patches
from odt_core.graph.rules.windows import Window
from odt_core.graph.tensor import Tensor

Block = tuple[int, int]  # rows and columns of the pool's window

_MOST_ENTRIES = 48  # of a patch: 3×3 with 3 channels, 5×5 with one, before a pool of 2×2


def block_windows(rows: Window, columns: Window, block: Block) -> tuple[Window, Window] | None:
    """How the larger patches slide; None where TensorFlow has no padding that fits them."""
    larger = _larger(rows, block[0]).trimmed, _larger(columns, block[1]).trimmed
    fits = all(window.is_same for window in larger) or all(window.is_valid for window in larger)
    return larger if fits else None


def _larger(window: Window, size: int) -> Window:
    return Window(
        window.size,
        window.kernel + window.stride * (size - 1),
        window.stride * size,
        1,
        window.before,
        window.count // size,
    )


def pays(larger: tuple[Window, Window], channels: int) -> bool:
    """Whether the patches are small enough for the zeros to cost less than what they save."""
    rows, columns = larger
    return rows.kernel * columns.kernel * channels <= _MOST_ENTRIES


def convolve(
    b: Builder, x: Tensor, weights: Tensor, rows: Window, columns: Window, block: Block
) -> Tensor:
    """x [N, H, W, C] with weights [kh, kw, C, O] gives [N, Q, R·ph·pw, O]."""
    large = _windows(rows, columns, block)
    channels, outputs = x.dim(3), weights.dim(3)
    places = _places(rows, columns, channels, block)
    matrix = b.reshape(weights, (rows.kernel * columns.kernel * channels, outputs))
    spread = b.matmul(b.constant(places), matrix)  # [K·ph·pw, O]
    spread = b.reshape(spread, (len(places) // _area(block), _area(block) * outputs))
    product = b.matmul(_patches(b, x, large), spread)
    return b.reshape(product, (x.shape[0], large[0].count, large[1].count * _area(block), outputs))


def filter_gradient(
    b: Builder, x: Tensor, dy: Tensor, rows: Window, columns: Window, block: Block
) -> Tensor:
    """The gradient of `convolve` by its weights, [kh, kw, C, O]."""
    channels, outputs = x.dim(3), dy.dim(3)
    places = _places(rows, columns, channels, block)
    dy = b.reshape(dy, (None, _area(block) * outputs))
    read = _patches(b, x, _windows(rows, columns, block))
    spread = b.matmul(read, dy, transpose_a=True)
    spread = b.reshape(spread, (len(places), outputs))
    gradient = b.matmul(b.constant(places.T), spread)
    return b.reshape(gradient, (rows.kernel, columns.kernel, channels, outputs))


def _patches(b: Builder, x: Tensor, larger: tuple[Window, Window]) -> Tensor:
    return patches(b, x, *larger, one_hot_limit=_MOST_ENTRIES)


def _area(block: Block) -> int:
    return block[0] * block[1]


def _windows(rows: Window, columns: Window, block: Block) -> tuple[Window, Window]:
    found = block_windows(rows, columns, block)
    assert found is not None  # the plan has asked before
    return found


def _places(rows: Window, columns: Window, channels: int, block: Block) -> np.ndarray:
    """E, float32 [K·ph·pw, kh·kw·C]."""
    down = _along(rows, block[0])
    right = _along(columns, block[1])
    both = np.einsum("api,bqj,cd->abcpqijd", down, right, np.eye(channels, dtype=np.float32))
    return np.ascontiguousarray(both.reshape(-1, rows.kernel * columns.kernel * channels))


def _along(window: Window, size: int) -> np.ndarray:
    """Where along one axis of the larger patch each tap of each output lies, [k', p, k]."""
    reach = window.kernel + window.stride * (size - 1)
    at = window.stride * np.arange(size)[:, None] + np.arange(window.kernel)
    return (np.arange(reach)[:, None, None] == at).astype(np.float32)
