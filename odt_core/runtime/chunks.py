"""Predictions for any number of samples, in calls that stay in a core's cache."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

import numpy as np

from odt_core.dialects.contract import ExtractRole, InferRole
from odt_core.runtime.feeding import feed_parts, fill

if TYPE_CHECKING:
    from odt_core.graph import SignatureDescription
    from odt_core.runtime.interpreter import BoundSignature

# Samples in a call that predicts: as many as leave its largest array in a core's cache, and some
# where one sample alone is more than that. A picture takes the bundled photo model 5.6, 5.3, 5.3,
# 5.5 and 5.9 ms in calls of 1, 2, 4, 8 and 16, whose arrays are 2.5 MB a picture; 2,000 vectors of
# 1280 a head of four labels 3.9, 2.5, 1.8, 1.8 and 2.1 ms in calls of 16, 32, 128, 512 and 1024.
INFER_CHUNK = 8
CALL_NUMBERS = 2**18  # of the largest array of a call


class Chunks:
    """How many samples a signature that predicts gets at a time, and the calls themselves.

    sizes: the former by the signature's name, where the file leaves it open. on_call: called before
    each call.
    """

    def __init__(self, signatures: Iterable[SignatureDescription]) -> None:
        self.sizes = {
            one.name: max(INFER_CHUNK, CALL_NUMBERS // one.largest) if one.largest else INFER_CHUNK
            for one in signatures
        }
        self.on_call: Callable[[], None] = lambda: None

    def ask(
        self, signature: BoundSignature, role: InferRole | ExtractRole, x: np.ndarray, output: str
    ) -> np.ndarray:
        """One output of a role's signature, for any number of samples, at least one."""
        size = self.size(role, len(x))
        if len(x) <= size:
            return self.call(signature, role, x, output)
        return np.concatenate(
            [self.call(signature, role, x[at : at + size], output) for at in range(0, len(x), size)]
        )

    def size(self, role: InferRole | ExtractRole, count: int) -> int:
        """Samples in each call but the last, which has what is left: best nothing, where calls are
        so short that it counts that LiteRT plans its memory anew for one of another size.
        """
        size = role.batch or self.sizes[role.signature]
        if role.batch or size <= INFER_CHUNK or count < 2 * size:
            return size
        return next((even for even in range(size, size // 2, -1) if count % even == 0), size)

    def call(
        self, signature: BoundSignature, role: InferRole | ExtractRole, x: np.ndarray, output: str
    ) -> np.ndarray:
        """One call; a static batch is filled up, and the answers to the filling are dropped."""
        self.on_call()
        count = len(x)
        if role.batch is not None and count < role.batch:
            x = np.concatenate([x, np.repeat(x[-1:], role.batch - count, axis=0)])
        names = (role.samples, *role.beside) if isinstance(role, InferRole) else (role.samples,)
        feeds = feed_parts(x, names, signature.inputs)
        if len(signature.inputs) > 1:
            mask, blank = (role.mask, role.blank) if isinstance(role, InferRole) else ((), ())
            feeds = fill(feeds, signature.inputs, training=False, mask=mask, blank=blank)
        signature.invoke(feeds)
        result = signature.output(output)
        if role.batch == 1 and (not result.ndim or len(result) != 1):
            result = result[None]  # one sample at a time, without a batch dimension
        return result[:count]
