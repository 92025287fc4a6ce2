"""What a file's signatures are for: every dialect read as one contract, and corrected by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from odt_core.lazy import lazily

if TYPE_CHECKING:
    from odt_core.dialects.contract import (
        LOSS_NAME,
        Choice,
        Contract,
        ExtractRole,
        InferRole,
        LabelKind,
        OutputKind,
        Task,
        TrainRole,
    )
    from odt_core.dialects.correction import correct
    from odt_core.dialects.dialect import propose

__all__ = [
    "LOSS_NAME",
    "Choice",
    "Contract",
    "ExtractRole",
    "InferRole",
    "LabelKind",
    "OutputKind",
    "Task",
    "TrainRole",
    "correct",
    "propose",
]

__getattr__ = lazily(
    __name__,
    {
        "contract": (
            "LOSS_NAME",
            "Choice",
            "Contract",
            "ExtractRole",
            "InferRole",
            "LabelKind",
            "OutputKind",
            "Task",
            "TrainRole",
        ),
        "correction": ("correct",),
        "dialect": ("propose",),
    },
)
