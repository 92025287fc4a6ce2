"""Development stand-in for odt_core.graph.describe; goes away when that exists."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from odt_core.runtime.interpreter import Interpreter


@dataclass(frozen=True)
class Tensor:
    """One input or output."""

    name: str
    dtype: str
    shape: tuple[int | None, ...]


@dataclass(frozen=True)
class Signature:
    """One signature."""

    name: str
    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]


@dataclass(frozen=True)
class Description:
    """What describe returns."""

    signatures: tuple[Signature, ...]
    variables: tuple[Tensor, ...]


def describe(data: bytes) -> Description:
    """Asks an interpreter."""
    interpreter = Interpreter(data)
    litert = interpreter._litert

    def tensors(indices: dict[str, int], subgraph: int) -> tuple[Tensor, ...]:
        found = []
        for name, index in indices.items():
            details: Any = litert._get_tensor_details(index, subgraph)
            shape = tuple(None if s == -1 else int(s) for s in details["shape_signature"])
            found.append(Tensor(name, np.dtype(details["dtype"]).name, shape))
        return tuple(found)

    signatures = []
    for name, table in interpreter._table.items():
        subgraph = litert._interpreter.GetSubgraphIndexFromSignature(name)
        signatures.append(
            Signature(name, tensors(table["inputs"], subgraph), tensors(table["outputs"], subgraph))
        )
    by_name = {s.name: s for s in signatures}
    variables = by_name["odt_get_state"].outputs if "odt_get_state" in by_name else ()
    variables = tuple(sorted(variables, key=lambda v: int(v.name[1:])))
    return Description(tuple(signatures), variables)
