"""Checks of single ops: options of the right kind, and no number that a kernel divides by is 0."""

from __future__ import annotations

from ai_edge_litert import schema_py_generated as schema

from odt_core.graph.checks.damage import demand
from odt_core.graph.operators import inputs_of, name_of, outputs_of

# op -> (options, fewest inputs, fewest outputs); LiteRT follows these without looking
_FOLLOWED = {
    "ASSIGN_VARIABLE": (None, 2, 0),
    "CALL": ("CallOptionsT", 0, 0),
    "CALL_ONCE": ("CallOnceOptionsT", 0, 0),
    "IF": ("IfOptionsT", 1, 0),
    "READ_VARIABLE": (None, 1, 1),
    "VAR_HANDLE": ("VarHandleOptionsT", 0, 1),
    "WHILE": ("WhileOptionsT", 0, 0),
}
# options that must be at least 1, wherever an op has them
_POSITIVE = (
    "strideH", "strideW", "strideD", "dilationHFactor", "dilationWFactor", "dilationDFactor",
    "filterHeight", "filterWidth", "blockSize", "numSplits", "valuesCount", "num",
)  # fmt: skip
MOST_OF_A_WINDOW = 2**20  # and of any other of them


def check_operators(model: schema.ModelT) -> None:
    """ModelError when an op is not what its kind demands."""
    for graph in model.subgraphs:
        for operator in graph.operators:
            if model.operatorCodes[operator.opcodeIndex].customCode is not None:
                continue
            name, options = name_of(model, operator), operator.builtinOptions
            kind, inputs, outputs = _FOLLOWED.get(name, (None, 0, 0))
            demand(
                kind is None or type(options).__name__ == kind, f"an op {name} without its options"
            )
            demand(
                len(inputs_of(operator)) >= inputs and len(outputs_of(operator)) >= outputs,
                f"an op {name} without its inputs or outputs",
            )
            for field in _POSITIVE:
                value = getattr(options, field, 1)
                least = 0 if field in ("num", "valuesCount") else 1
                demand(
                    least <= int(value) <= MOST_OF_A_WINDOW,
                    f"an op {name} whose {field} is {value}",
                )
