"""A model file with what was learnt in it."""

from odt_core.baking.baked import bake

__all__ = ["bake"]
