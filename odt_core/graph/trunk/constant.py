"""The frozen part alone, its weights constants of the file: in the forms LiteRT runs fastest."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from odt_core.errors import LoweringError
from odt_core.graph.baking.inference import inference_model
from odt_core.graph.baking.initial import assigned_constants
from odt_core.graph.checks.check import plain_errors
from odt_core.graph.variables import find_variables


class Constant(NamedTuple):
    """A .tflite of one signature, and the values that its constants have."""

    data: bytes
    values: tuple[np.ndarray, ...]  # of the variables read, in the order they were given


@plain_errors()
def as_constants(model: schema.ModelT, signature: str, reads: Sequence[str]) -> Constant:
    """A signature of a lowered model, which is used up, with the values that the file starts with.

    reads: names of the variables that it reads. Raises LoweringError when there are none, or some
    get no constant value: then it is as fast as it is, or nobody knows what it will say.
    """
    given = dict(assigned_constants(model)) if reads else {}
    if not reads or not given.keys() >= set(reads):
        raise LoweringError("its frozen part reads no variables, or some without initial values")
    values = tuple(given[name] for name in reads)
    by_name = {variable.name: variable for variable in find_variables(model)}
    variables = [by_name[name] for name in reads]
    return Constant(inference_model(model, variables, values, signature), values)
