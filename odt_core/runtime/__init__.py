"""LiteRT behind one contract: models, sessions, and the worker process that owns them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from odt_core.lazy import lazily

if TYPE_CHECKING:
    from odt_core.runtime.contract import (
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
    from odt_core.runtime.correction import correct
    from odt_core.runtime.dialect import propose
    from odt_core.runtime.model import Model, load_model
    from odt_core.runtime.nursery import warm_up
    from odt_core.runtime.session import Session
    from odt_core.runtime.worker import RemoteSession, Worker

__all__ = [
    "LOSS_NAME",
    "Choice",
    "Contract",
    "ExtractRole",
    "InferRole",
    "LabelKind",
    "Model",
    "OutputKind",
    "RemoteSession",
    "Session",
    "Task",
    "TrainRole",
    "Worker",
    "correct",
    "load_model",
    "propose",
    "warm_up",
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
        "model": ("Model", "load_model"),
        "nursery": ("warm_up",),
        "session": ("Session",),
        "worker": ("RemoteSession", "Worker"),
    },
)
