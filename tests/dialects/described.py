"""Signatures made up from names, shapes and the little of their graphs that tells what they do."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from odt_core.dialects import Contract, propose
from odt_core.graph import Meeting, SignatureDescription, TensorDescription

FLOATS = ("float32", (None, 6))


def signature(name: str, inputs: dict, outputs: dict) -> SignatureDescription:
    def tensors(rows: dict) -> tuple[TensorDescription, ...]:
        return tuple(TensorDescription(key, *row) for key, row in rows.items())

    return SignatureDescription(name, tensors(inputs), tensors(outputs))


def made(
    inputs: dict,
    outputs: dict,
    ops: tuple[str, ...],
    weighed: tuple[str, ...] = ("x",),
    meets: tuple[Meeting, ...] = (),
) -> Contract:
    """Of a train signature with these inputs and ops, and one that predicts these outputs. meets:
    how an input "y", or the first that meets no weights, joins what the loss is computed from.
    """
    train = signature("train", inputs, {"loss": ("float32", ())})
    met = tuple(replace(one, weighed=one.name in weighed) for one in train.inputs)
    labels = [one.name for one in met if not one.weighed][:1]
    facts = tuple(replace(one, input=name) for name in labels for one in meets)
    losses = tuple(replace(one, tail=ops, meets=facts) for one in train.outputs)
    train = replace(train, inputs=met, outputs=losses, ops=ops, assigns=("w",))
    x = next(iter(inputs.items()))
    infer = signature("infer", dict([x]), {})
    answers = tuple(
        TensorDescription(name, "float32", shape, producer=producer, ends=producer)
        for name, (shape, producer) in outputs.items()
    )
    ends = tuple(producer for _, producer in outputs.values())
    return propose([train, replace(infer, outputs=answers, ops=("MUL", *ends), reads=("w",))])


def met(op: str, kind: str = "ADD", **facts: Any) -> Meeting:
    return Meeting("y", op, kind, **facts)


ENTROPY = met("MUL", "LOG_SOFTMAX", log=True, shares=True)
WITH_LOGITS = met("MUL", softplus=True)
