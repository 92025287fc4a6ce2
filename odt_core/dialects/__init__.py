"""What a file's signatures are for: every dialect read as one contract, and corrected by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from odt_core.lazy import lazily

if TYPE_CHECKING:
    from odt_core.dialects.contract import Choice, Contract, Task
    from odt_core.dialects.dialect import propose

__all__ = [
    "Choice",
    "Contract",
    "Task",
    "propose",
]

__getattr__ = lazily(
    __name__,
    {
        "contract": ("Choice", "Contract", "Task"),
        "dialect": ("propose",),
    },
)
