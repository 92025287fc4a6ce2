"""LiteRT behind one contract: models, and the sessions that train and predict."""

from __future__ import annotations

from typing import TYPE_CHECKING

from odt_core.lazy import lazily

if TYPE_CHECKING:
    from odt_core.runtime.model import Model, load_model
    from odt_core.runtime.session import Session

__all__ = ["Model", "Session", "load_model"]

__getattr__ = lazily(__name__, {"model": ("Model", "load_model"), "session": ("Session",)})
