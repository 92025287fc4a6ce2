"""LiteRT behind one contract: models, sessions, and the worker process that owns them."""

from odt_core.runtime.dialect import Contract
from odt_core.runtime.model import Model, load_model
from odt_core.runtime.nursery import warm_up
from odt_core.runtime.session import Session
from odt_core.runtime.worker import RemoteSession, Worker

__all__ = ["Contract", "Model", "RemoteSession", "Session", "Worker", "load_model", "warm_up"]
