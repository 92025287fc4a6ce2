"""What a model is taken for, kept in a file that only predicts: the signature that trains has told
it, and is gone.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from odt_core.dialects import Choice, Contract, propose
from odt_core.graph.flatbuffer import read, write
from odt_core.graph.inspect import describe
from odt_core.graph.passes.prune import compact
from odt_core.graph.record import Record, read_record, write_record


def with_word(data: bytes, contract: Contract) -> bytes:
    """A baked file with a word on what it is taken for, where it does not tell that by itself and a
    word can.
    """
    signatures, word = describe(data).signatures, _word(contract)
    if not word or word == _word(propose(signatures)) or word["infer"] != signatures[0].name:
        return data
    if propose(signatures, Choice.from_json(word)).input_shape != contract.input_shape:
        return data  # such as one sample a call, which only the label beside it shows
    model = read(data)
    write_record(model, replace(read_record(model) or Record(), taken_for=word))
    compact(model)
    return write(model)


def _word(contract: Contract) -> dict[str, str]:
    """A Choice, as JSON, of all that concerns predicting."""
    role = contract.infer
    if role is None:
        return {}
    choice = Choice(
        infer=role.signature,
        infer_samples=role.samples,
        prediction=role.prediction,
        output_kind=role.kind,
        task=contract.task,
    )
    given: dict[str, Any] = choice.to_json()
    return {name: value for name, value in given.items() if value is not None}
