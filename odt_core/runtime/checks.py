"""What a model can take: numbers in arrays of its shape, and only once its weights are there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from odt_core.dialects.shapes import SMALL
from odt_core.errors import OdtError, SignatureError
from odt_core.runtime.bottlenecks import Features
from odt_core.samples.types import check_unmasked

if TYPE_CHECKING:
    from odt_core.dialects.contract import Contract
    from odt_core.runtime.model import Model


def as_array(given: np.ndarray, what: str) -> np.ndarray:
    """What was given as an array; SignatureError for lists of different lengths, and for numbers
    that are masked. what: for the message.
    """
    try:
        array = np.asanyarray(given)
    except ValueError:
        raise SignatureError(f"The {what} of a call must all have the same shape.") from None
    check_unmasked(array, f"The {what} of a call have", SignatureError)
    return array


def check_rows_finite(
    rows: np.ndarray, what: str, of: str, error: type[OdtError] = SignatureError
) -> None:
    """`error` for a row that would make all weights NaN. what, of: a row and all of them, for the
    message.
    """
    if rows.dtype.kind != "f" or np.isfinite(rows).all():
        return
    rows = np.atleast_1d(rows)
    bad = ~np.isfinite(rows).reshape(len(rows), -1).all(axis=1)
    raise error(
        f"{what} {int(bad.argmax()) + 1} of the {of} holds numbers that are not finite (NaN, "
        f"infinity, or beyond float32). Remove or correct it."
    )


def no_initial_values(what: str) -> str:
    """Why a model whose weights hold nothing cannot be … yet. what: the verb, "trained" say."""
    return (
        f"This model cannot be {what} yet: its file gives its variables no initial values. "
        f"Restore a checkpoint first, or convert the model with odt_core.authoring."
    )


class SampleCheck:
    """Samples, or features in their place, as the arrays that a session takes."""

    def __init__(self, model: Model, runs: Model) -> None:
        """runs: what the session runs, the model itself or with its frozen part apart."""
        self._contract = runs.contract
        self._only_marked = runs is not model
        # Whole numbers that are no picture's: a fraction is a mistake, not to be rounded away.
        numbers = self._contract.whole_numbers
        ids = self._contract.input_dtype not in SMALL and model.preprocessing.kind == "none"
        self._ids = numbers if ids and numbers.any() else None
        self._lowest, self._highest = _limits(self._contract)

    def are_features(self, x: np.ndarray) -> bool:
        """Whether x is features already, which a session takes wherever it takes samples."""
        if self._only_marked and not isinstance(x, Features):
            return False
        return self._contract.are_features(x.shape)

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """Samples [N, *input_shape], or features in their place, C-contiguous; SignatureError where
        they are of another shape, no numbers, or where the model takes whole numbers and they are
        fractions or beyond its dtype.
        """
        contract = self._contract
        if isinstance(x, Features) and self.are_features(x):
            return np.asanyarray(x, order="C")
        x = np.ascontiguousarray(as_array(x, "samples"))
        if x.dtype == np.float32 and x.shape[1:] == contract.input_shape and self._ids is None:
            return x  # nearly always
        if x.dtype.kind not in "biuf":  # objects would be told apart by where they lie
            raise SignatureError(
                f"The model takes samples as numbers; these are an array of {x.dtype}. Make it one "
                f"of numbers, for example with x.astype(np.float32)."
            )
        if x.dtype.kind == "f" and x.dtype != np.float32:
            with np.errstate(over="ignore"):  # infinity says it
                x = x.astype(np.float32)
        if self.are_features(x):
            return x
        if not x.ndim or not contract.takes(x.shape[1:]):
            wanted = "".join(
                f", {'any' if axis in contract.free_axes else size}"
                for axis, size in enumerate(contract.input_shape)
            )
            raise SignatureError(
                f"The model takes samples of shape [N{wanted}]; got {list(x.shape)}."
            )
        if self._ids is not None:
            none = (x != np.rint(x)) | (x < self._lowest) | (x > self._highest)
            wrong = np.argwhere(none & self._ids)
            if len(wrong):
                number = x[tuple(wrong[0])].item()
                raise SignatureError(f"{self._what_is_whole(int(wrong[0][-1]))}; got {number}.")
        return x

    def _what_is_whole(self, place: int) -> str:
        """A sentence about the number at this place of a sample, which should be a whole one."""
        contract = self._contract
        owners = [one for one in contract.sample_inputs for _ in range(one.size)]
        if owners:
            one = owners[place]
            if one.dtype == "bool":
                return f"The model takes 1 or 0 (bool) as '{one.name}'"
            return f"The model takes whole numbers ({one.dtype}) as '{one.name}', such as ids"
        if contract.input_dtype == "bool":
            return "The model takes 1 or 0 (bool)"
        return f"The model takes whole numbers ({contract.input_dtype}), such as ids of words"


def _limits(contract: Contract) -> tuple[np.ndarray, np.ndarray]:
    """The lowest and the highest whole number that each place of a sample has room for."""
    sizes = [(one.dtype, one.size) for one in contract.sample_inputs]
    ends = []
    for name, size in sizes or [(contract.input_dtype, 1)]:
        dtype = np.dtype(name)
        held = np.iinfo(dtype) if dtype.kind in "iu" else np.finfo(np.float64)
        ends += [(held.min, held.max)] * size
    lowest, highest = np.array(ends, np.float64).T
    return lowest, highest
