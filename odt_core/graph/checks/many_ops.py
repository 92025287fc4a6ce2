"""How many ops a model may have: the time that it takes to open one grows with them."""

from __future__ import annotations

from ai_edge_litert import schema_py_generated as schema

from odt_core.errors import ModelError

MOST_OPS = 100_000  # under a minute; written-out loops of recurrent models have many


def are_many(model: schema.ModelT, more: int = 0) -> bool:
    """Whether a checked model that is to get so many more has more than are opened."""
    return _ops(model) + more > MOST_OPS


def check_many(model: schema.ModelT, where: str = "") -> None:
    """ModelError where a checked model has more. where: such as ", rewritten,"."""
    if are_many(model):
        raise ModelError(
            f"The model{where} has {_ops(model):,} ops; at most {MOST_OPS:,} are opened. Build it "
            "with fewer layers, or with fewer steps of time where it is recurrent."
        )


def _ops(model: schema.ModelT) -> int:
    return sum(len(graph.operators) for graph in model.subgraphs)
