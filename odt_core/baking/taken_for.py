"""What a model is taken for, kept in a file that only predicts: the signature that trains has told
it, and is gone.
"""

from __future__ import annotations

from dataclasses import replace

from odt_core.dialects import Choice, Contract, propose
from odt_core.dialects.told import learnt_apart
from odt_core.graph.flatbuffer import read, write
from odt_core.graph.inspect import describe
from odt_core.graph.passes.prune import compact
from odt_core.graph.record import Record, read_record, write_record


def with_word(data: bytes, contract: Contract) -> bytes:
    """A baked file with a word on what it is taken for, where it does not tell that by itself and a
    word can.
    """
    signatures, choice = describe(data).signatures, _choice(contract)
    if choice.infer != signatures[0].name:
        return data
    alone, chosen = propose(signatures), propose(signatures, choice)
    learnt = learnt_apart(contract, chosen)
    if choice == _choice(alone) and not learnt:
        return data
    if chosen.input_shape != contract.input_shape:
        return data  # such as one sample a call, which only the label beside it shows
    given = {name: value for name, value in choice.to_json().items() if value is not None}
    model = read(data)
    record = read_record(model) or Record()
    write_record(model, replace(record, taken_for={**given, **learnt}))
    compact(model)
    return write(model)


def _choice(contract: Contract) -> Choice:
    """All that concerns predicting."""
    role = contract.infer
    if role is None:
        return Choice()
    return Choice(
        infer=role.signature,
        infer_samples=role.samples,
        prediction=role.prediction,
        output_kind=role.kind,
        task=contract.task,
    )
