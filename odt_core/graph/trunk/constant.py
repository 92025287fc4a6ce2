"""The frozen part alone, its weights constants of the file: in the forms LiteRT runs fastest."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from odt_core.errors import LoweringError
from odt_core.graph.checks.check import plain_errors
from odt_core.graph.freezing.inference import inference_model
from odt_core.graph.freezing.initial import assigned_constants
from odt_core.graph.variables import find_variables


@plain_errors()
def as_constants(
    model: schema.ModelT, signature: str, reads: Sequence[str]
) -> tuple[bytes, tuple[np.ndarray, ...]]:
    """A .tflite of one signature of a lowered model, which is used up, with the values that the
    file gives the variables it reads; and these, in the order of `reads`, their names.

    Raises OdtError when the file gives one of them no constant value, or the signature cannot do
    without variables.
    """
    given = {name: value for name, value in assigned_constants(model) if name in reads}
    if given.keys() != set(reads):
        raise LoweringError("some of its frozen weights have no value in the file")
    values = tuple(given[name] for name in reads)
    by_name = {variable.name: variable for variable in find_variables(model)}
    data = inference_model(model, [by_name[name] for name in reads], values, signature)
    if find_variables(model):  # of equal names, in a file that nobody's converter writes
        raise LoweringError("its frozen part reads other variables too")
    return data, values
