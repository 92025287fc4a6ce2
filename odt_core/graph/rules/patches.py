"""Patches of an image side by side, as a vision transformer reads them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from odt_core.graph.building import Builder
from odt_core.graph.flex import Attribute, FlexOp
from odt_core.graph.rules.convolution import patches
from odt_core.graph.rules.registry import rule
from odt_core.graph.rules.windows import between, windows_of
from odt_core.graph.tensor import Tensor


@rule("ExtractImagePatches", since="0.2")
def extract_image_patches(b: Builder, op: FlexOp, inputs: Sequence[Tensor]) -> Sequence[Tensor]:
    """Every window of x [N, H, W, C], flattened: [N, OH, OW, kh·kw·C].

    Its gradient is made of the same op on the places' numbers, which are whole ones.
    Source: https://www.tensorflow.org/api_docs/python/tf/raw_ops/ExtractImagePatches
    """
    (x,) = inputs
    known = [size if isinstance(size, int) else None for size in b.sizes(x)]
    x = b.reshape(x, known)
    rates: Attribute = [1, *between(op, "rates", 2), 1]
    as_window = replace(op, attributes={**op.attributes, "dilations": rates})
    rows, columns = windows_of(as_window, x.shape, between(op, "ksizes", 2))
    shape = (x.shape[0], rows.count, columns.count, rows.kernel * columns.kernel * x.dim(3))
    return [b.reshape(patches(b, x, rows, columns), shape)]
