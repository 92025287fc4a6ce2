"""Which dtypes LiteRT's kernels of plain arithmetic take.

The others fail when the model is prepared, give wrong numbers, or end the process: each was tried
in ai-edge-litert (tests/graph/test_kernels.py tries them again). Ops that are not here take what
they are given.
"""

from __future__ import annotations

import numpy as np

from odt_core.errors import LoweringError

Dtypes = frozenset[np.dtype]


def _dtypes(*names: str) -> Dtypes:
    return frozenset(np.dtype(name) for name in names)


_FLOATS = _dtypes("float32")
_BOOLS = _dtypes("bool")
_USUAL = _dtypes("float32", "int32")
_LONG = _dtypes("float32", "int32", "int64")
_ORDERED = _LONG | _dtypes("int16")
SMALL = _dtypes("int16", "int8", "uint8")  # whole numbers that are computed as int32 at need
_NARROW = _ORDERED | SMALL
_BITS = _dtypes("int32", "int16", "int8", "uint8", "uint32")

KERNELS: dict[str, Dtypes] = {
    **dict.fromkeys(
        ("BATCH_MATMUL", "CEIL", "COS", "EXP", "FLOOR", "LOG", "LOGISTIC", "RELU", "ROUND",
         "RSQRT", "SIN", "SQRT", "SQUARE", "TANH"),
        _FLOATS,
    ),
    **dict.fromkeys(("LOGICAL_AND", "LOGICAL_NOT", "LOGICAL_OR"), _BOOLS),
    **dict.fromkeys(
        ("DIV", "POW", "SIGN", "SQUARED_DIFFERENCE", "UNSORTED_SEGMENT_MAX",
         "UNSORTED_SEGMENT_MIN", "UNSORTED_SEGMENT_PROD", "UNSORTED_SEGMENT_SUM"),
        _USUAL,
    ),
    **dict.fromkeys(("CUMSUM", "MEAN", "SUB", "SUM"), _LONG),
    **dict.fromkeys(("ADD", "GREATER", "GREATER_EQUAL", "LESS", "LESS_EQUAL"), _ORDERED),
    **dict.fromkeys(("MAXIMUM", "MINIMUM", "REDUCE_MAX", "REDUCE_MIN", "REDUCE_PROD"), _NARROW),
    **dict.fromkeys(("MATRIX_DIAG", "MATRIX_SET_DIAG"), _NARROW),
    **dict.fromkeys(("BITWISE_XOR", "RIGHT_SHIFT"), _BITS),
    **dict.fromkeys(("EQUAL", "NOT_EQUAL"), _LONG | _BOOLS),
    "ABS": _USUAL | _dtypes("int16"),
    "FLOOR_DIV": _USUAL | _dtypes("int16", "int8"),
    "FLOOR_MOD": _ORDERED | _dtypes("int8"),
    "MUL": _ORDERED | _dtypes("uint32"),
    "NEG": _ORDERED | _dtypes("int8"),
}  # fmt: skip


def check_kernel(op: str, dtype: np.dtype) -> None:
    """LoweringError where LiteRT's kernel of a builtin op does not take this dtype."""
    if op in KERNELS and dtype not in KERNELS[op]:
        kind = "text or lists" if dtype.hasobject else f"{dtype} numbers"
        known = ", ".join(sorted(one.name for one in KERNELS[op]))
        raise LoweringError(
            f"it works on {kind}, for which LiteRT has no kernel of {op} ({known}). Use float32 or "
            "int32."
        )
