"""Random changes of a parsed model: structure-aware, as a seed says."""

from __future__ import annotations

import numpy as np
from ai_edge_litert import schema_py_generated as schema

_NUMBERS = (-(2**31), -2, -1, 0, 1, 2, 3, 7, 1000, 2**31 - 1)


def mutate(model: schema.ModelT, rng: np.random.Generator) -> None:
    """One change anywhere in a model: a number, a list entry, an op, a part left out."""
    graph = model.subgraphs[rng.integers(len(model.subgraphs))]
    part = [
        lambda: _any(rng, graph.tensors),
        lambda: _any(rng, graph.operators),
        lambda: getattr(_any(rng, graph.operators), "builtinOptions", None),
        lambda: graph,
        lambda: _any(rng, model.buffers),
        lambda: _any(rng, model.operatorCodes),
        lambda: _any(rng, model.signatureDefs),
        lambda: _any(rng, getattr(_any(rng, model.signatureDefs), "inputs", None)),
        lambda: _any(rng, model.metadata),
    ][rng.integers(9)]()
    if part is None or not vars(part):
        return
    field = _any(rng, sorted(vars(part)))
    value = getattr(part, field)
    number = int(_NUMBERS[rng.integers(len(_NUMBERS))])
    if isinstance(value, bool):
        setattr(part, field, not value)
    elif isinstance(value, int):
        setattr(part, field, number)
    elif isinstance(value, np.ndarray) and len(value) and rng.random() < 0.8:
        other = value.copy()
        if rng.random() < 0.3:
            other = other[: rng.integers(len(other))]
        else:
            other[rng.integers(len(other))] = np.array(number).astype(other.dtype)
        setattr(part, field, other)
    elif isinstance(value, list) and value:
        place, other = rng.integers(len(value)), rng.integers(len(value))
        if rng.random() < 0.5:
            value[place], value[other] = value[other], value[place]
        else:
            value.pop(place)
    else:
        setattr(part, field, None)


def _any(rng: np.random.Generator, items: list | None):
    return items[rng.integers(len(items))] if items else None
