"""A model in a process of its own, which the kernel shuts off, and the link to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from odt_core.lazy import lazily

if TYPE_CHECKING:
    from odt_core.worker.nursery import warm_up
    from odt_core.worker.remote import Worker

__all__ = ["Worker", "warm_up"]

__getattr__ = lazily(__name__, {"nursery": ("warm_up",), "remote": ("Worker",)})
