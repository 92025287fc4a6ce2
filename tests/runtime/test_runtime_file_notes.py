"""What people are told of a model's file."""

from __future__ import annotations

import pytest

from odt_core.graph.inspect import (
    ModelDescription,
    SignatureDescription,
    TensorDescription,
    VariableDescription,
)
from odt_core.graph.record import Missing
from odt_core.runtime.file_notes import notes_of


def described(*names: str, missing: tuple[Missing, ...] = ()) -> ModelDescription:
    variables = tuple(VariableDescription(name, "float32", (2,), 8, False) for name in names)
    return ModelDescription((), variables, {}, 0, missing=missing)


def test_variable_of_odts_own_needs_no_value_of_the_files():
    assert notes_of(described("odt_random/train/0"))["known"] == []


def test_variables_of_the_files_are_counted_without_odts_own():
    (note,) = notes_of(described("odt_random/train/0", "w"))["known"]
    assert note.startswith("1 of 1 variables have no initial values in the file ('w' for one)")


def test_op_that_is_missing_in_two_places_is_told_once():
    two = tuple(Missing("Det", "train", node, "it has no form.") for node in ("a", "b"))
    told = notes_of(described(missing=two))["missing"]
    assert told == ["The signature 'train' needs the op Det (node 'a'): it has no form."]


def test_op_without_a_name_is_told_without():
    told = notes_of(described(missing=(Missing("While", "train", "", "it has no end."),)))
    assert told["missing"] == ["The signature 'train' needs the op While: it has no end."]


@pytest.mark.parametrize(("ops", "told"), [((), 1), (("READ_VARIABLE",), 0)])
def test_signature_that_takes_a_path_and_runs_nothing_is_told(ops, told):
    path = TensorDescription("path", "string", ())
    save = SignatureDescription("save", (path,), (path,), ops=ops)
    notes = notes_of(ModelDescription((save,), (), {}, 0))["known"]
    assert len(notes) == told
    assert all("'save' takes text and does nothing with it" in note for note in notes)
