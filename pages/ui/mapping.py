"""How odt uses the signatures: fields to correct it with; a bad choice changes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import streamlit as st

from odt_core.dialects.contract import Choice, Contract, LabelKind, OutputKind, Task
from odt_core.dialects.inputs import is_scalar
from odt_core.graph import SignatureDescription
from pages.ui import pieces, trouble
from pages.ui.desk import Desk
from pages.ui.desk.worker import choice_of
from pages.ui.model_words import TASKS

_PLACE = "mapping"
_TASKS = {
    Task.CLASSES: "Labels: one of several",
    Task.BINARY: "Yes or no: two labels, one output",
    Task.VALUES: "Numbers (regression)",
    Task.RECONSTRUCTION: "Its own input (autoencoder)",
}
_OUTPUTS = {
    OutputKind.LOGITS: "Scores of any size (logits)",
    OutputKind.PROBABILITIES: "Probabilities",
    OutputKind.DISTANCES: "Distances: the smallest wins",
    OutputKind.UNKNOWN: "Found out at the first answer",
}
_LABELS = {
    LabelKind.ONE_HOT: "One 1 among zeros (one-hot)",
    LabelKind.INTEGER: "Its number",
    LabelKind.VALUES: "Numbers as they are",
    LabelKind.SIGNS: "−1 or 1",
}
_NOTHING = "–"
# Choosing another signature makes what was chosen inside the old one void.
_VOID: dict[str, tuple[str, ...]] = {
    "train": ("samples", "labels", "loss", "label_kind", "learning_rate"),
    "infer": ("infer_samples", "prediction", "output_kind"),
    "task": ("label_kind", "output_kind"),
}


@dataclass(frozen=True)
class _Field:
    name: str  # of a field of Choice
    title: str
    options: Sequence[Any]
    present: Any
    words: dict | None = None


def mapping_of(desk: Desk) -> None:
    """Draw the card's content."""
    pieces.heading("How odt uses it", "correct it where it is wrong")
    contract = desk.contract
    signatures = {
        s.name: s for s in desk.worker().description.signatures if not s.name.startswith("odt_")
    }
    trouble.show_said(_PLACE)
    train, infer = _train_fields(contract, signatures), _infer_fields(contract, signatures)
    _fields(desk, [_Field("task", "Learns", list(_TASKS), contract.task, _TASKS)], 1)
    _fields(desk, train, 2)
    _fields(desk, infer, 2)
    if choice_of(desk.model):
        st.button(
            "Back to what odt proposes",
            key="map_reset",
            disabled=desk.busy,
            on_click=_reset,
            args=(desk,),
        )
    rate = "can be set here" if contract.sets_learning_rate else "is part of the file"
    facts = [f"The learning rate {rate}."] if contract.trainable else []
    features = desk.worker().features_of_a_sample
    if features is not None:
        facts.append(
            f"Its frozen layers run once per sample; training works on the {features:,} features "
            "they give."
        )
    if contract.initialise:
        facts.append(f"'{contract.initialise}' sets the first weights.")
    if contract.evaluate:
        facts.append(f"It has a scoring of its own, '{contract.evaluate}', which odt does not use.")
    if facts:
        pieces.note(" ".join(facts))


def _train_fields(contract: Contract, signatures: dict[str, SignatureDescription]) -> list[_Field]:
    role = contract.train[0] if contract.train else None
    fields = [_Field("train", "Trains with", list(signatures), role and role.signature)]
    if role is None:
        return fields
    signature = signatures[role.signature]
    inputs = [one.name for one in signature.inputs]
    outputs = [one.name for one in signature.outputs]
    if not role.beside:
        fields.append(_Field("samples", "Samples go to", inputs, role.samples))
    if role.labels is not None:
        what = "Labels go to" if contract.classifies else "Targets go to"
        fields.append(_Field("labels", what, inputs, role.labels))
    fields.append(_Field("loss", "Its loss is", outputs, role.loss))
    rates = [one.name for one in signature.inputs if is_scalar(one)]
    if rates:
        fields.append(_Field("learning_rate", "Its learning rate is", rates, role.learning_rate))
    if contract.classifies and role.labels is not None:
        kinds = [LabelKind.INTEGER, LabelKind.ONE_HOT]
        if contract.task is Task.BINARY:
            kinds = [LabelKind.INTEGER, LabelKind.VALUES, LabelKind.SIGNS]
        fields.append(_Field("label_kind", "A label is given as", kinds, role.label_kind, _LABELS))
    return fields


def _infer_fields(contract: Contract, signatures: dict[str, SignatureDescription]) -> list[_Field]:
    role = contract.infer
    fields = [_Field("infer", "Predicts with", list(signatures), role and role.signature)]
    if role is None:
        return fields
    signature = signatures[role.signature]
    inputs = [one.name for one in signature.inputs]
    outputs = [one.name for one in signature.outputs]
    if not role.beside:
        fields.append(_Field("infer_samples", "Samples go to", inputs, role.samples))
    fields.append(_Field("prediction", "Its prediction is", outputs, role.prediction))
    if contract.classifies:
        kinds = [OutputKind.LOGITS, OutputKind.PROBABILITIES]
        if contract.task is Task.CLASSES:
            kinds.append(OutputKind.DISTANCES)
        fields.append(_Field("output_kind", "Which are", kinds, role.kind, _OUTPUTS))
    return fields


def _fields(desk: Desk, fields: Sequence[_Field], across: int) -> None:
    rows = [fields[at : at + across] for at in range(0, len(fields), across)]
    for row in rows:
        for column, field in zip(st.columns(across, gap="small"), row, strict=False):
            options = list(field.options)
            if field.present is None or field.present not in options:
                options.insert(0, field.present)
            key = f"map_{field.name}"
            if st.session_state.get(key, field) != field.present:
                st.session_state[key] = field.present
            column.selectbox(
                field.title,
                options,
                key=key,
                format_func=lambda value, words=field.words: _shown(value, words),
                disabled=desk.busy or len(options) < 2,
                on_change=_chosen,
                args=(desk, field.name),
            )


def _shown(value: Any, words: dict | None) -> str:
    if value is None:
        return _NOTHING
    return words.get(value, str(value)) if words else str(value)


def _chosen(desk: Desk, name: str) -> None:
    value = st.session_state.get(f"map_{name}")
    with trouble.caught(_PLACE):
        void = dict.fromkeys(_VOID.get(name, ()))
        desk.correct(replace(choice_of(desk.model), **void, **{name: value}))
        trouble.say(_PLACE, f"Understood. It learns {TASKS[desk.task]}.", "info")


def _reset(desk: Desk) -> None:
    with trouble.caught(_PLACE):
        desk.correct(Choice())
