"""LiteRT behind one contract: models, sessions, and the worker process that owns them."""

from odt_core.runtime.dialect import Contract
from odt_core.runtime.model import Model, load_model
from odt_core.runtime.session import Session

__all__ = ["Contract", "Model", "Session", "load_model"]
