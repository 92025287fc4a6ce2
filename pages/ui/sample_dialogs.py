"""Dialogs of card 1: one sample large, a label's samples, the question before a deletion."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from odt_core.errors import SampleError
from odt_core.workspace import Part, SampleEntry
from pages.ui import pieces, trouble
from pages.ui.bursts import burst_note
from pages.ui.desk import Desk
from pages.ui.numbers import as_text, parts_as_text
from pages.ui.picture_answers import target_uri
from pages.ui.say import beside, clock, count, isolated, plain
from pages.ui.thumbs import thumb_uri
from pages.ui.turns import Urgency, in_turn

_PAGE = 60  # samples a page of the gallery


@st.dialog("Sample")
@in_turn(Urgency.CLICK)
def show_sample(desk: Desk, sample_id: str) -> None:
    """One sample at full size; move or delete it."""
    with trouble.shown():
        sample = _find(desk, sample_id)
        label = desk.workspace.manifest.label(sample.label)
        with trouble.shown():  # what is damaged can still be moved and deleted
            _content(desk, sample)
        test = sample.part is Part.TEST
        pieces.note(
            beside(
                label.name if label else "No label",
                sample.origin or sample.source.value,
                f"added {clock(sample.added)}",
            )
        )
        pieces.note(_what_for(desk, sample))
        burst_note(desk, [sample.id])
        with st.container(horizontal=True):
            if st.button("Use for training" if test else "Set aside for testing", key="move"):
                _move(desk, [sample.id], Part.TRAIN if test else Part.TEST)
            if st.button("Delete", key="delete_sample"):
                _delete(desk, [sample.id])


@st.dialog("All samples", width="large")
@in_turn(Urgency.CLICK)
def show_label(desk: Desk, label_id: str | None) -> None:
    """Every sample of a label (None: all that stand for something with this model; "": those
    without one), a page at a time; delete or move some.
    """
    with trouble.shown():
        manifest = desk.workspace.manifest
        label = manifest.label(label_id) if label_id else None
        if label_id and label is None:
            raise SampleError("That label is not there any more. Close this window.")
        samples = desk.usable_samples() if label_id is None else manifest.samples_of(label_id)
        samples = samples[::-1]
        pages = max(1, -(-len(samples) // _PAGE))
        name = plain(isolated(label.name)) if label else "Samples"
        st.markdown(f"**{name}** · {count(len(samples), 'sample')}")
        page = st.number_input("Page", 1, pages, key="gallery_page") if pages > 1 else 1
        shown = samples[(page - 1) * _PAGE : page * _PAGE]
        chosen = _gallery(desk, shown)
        burst_note(desk, chosen)
        with st.container(horizontal=True):
            none = not chosen
            if st.button(f"Delete {count(len(chosen), 'sample')}", disabled=none, key="g_delete"):
                _delete(desk, chosen)
            if st.button("Use for training", disabled=none, key="g_train"):
                _move(desk, chosen, Part.TRAIN)
            if st.button("Set aside for testing", disabled=none, key="g_test"):
                _move(desk, chosen, Part.TEST)


@st.dialog("Delete this label?")
@in_turn(Urgency.CLICK)
def ask_delete_label(desk: Desk, label_id: str) -> None:
    """Deleting a label takes its samples along: ask first, although undo brings them back."""
    with trouble.shown():
        manifest = desk.workspace.manifest
        label = manifest.label(label_id)
        if label is None:
            raise SampleError("That label is not there any more. Close this window.")
        lost = count(len(manifest.samples_of(label_id)), "sample")
        st.markdown(f"**{plain(isolated(label.name))}** and its {lost} go. Undo brings them back.")
        with st.container(horizontal=True):
            if st.button("Keep it", key="keep_label"):
                st.rerun()
            if st.button(f"Delete label and {lost}", key="really_delete"):
                with desk.changing("delete the label") as workspace:
                    workspace.delete_label(label_id)
                st.rerun()


def _content(desk: Desk, sample: SampleEntry) -> None:
    """What it looks like, its numbers and its target. Raises SampleError when it is damaged."""
    st.image(desk.workspace.thumbnail(sample.id, 320), width=320, alt="The sample, enlarged")
    if sample.suffix == "npy":
        numbers = desk.workspace.sample_array(sample.id)
        pieces.note(f"Numbers: {parts_as_text(numbers, desk.contract.input_sizes, 24)}")
    if sample.target:
        target = desk.workspace.sample_target(sample.id)
        if target is not None and desk.answers_pictures:
            pieces.pictures([("Target", target_uri(target, desk.contract), "")])
        else:
            pieces.note(f"Target: {'–' if target is None else as_text(target, 24)}")


def _purpose(sample: SampleEntry, kept_out: bool) -> str:
    if sample.part is Part.TEST:
        return "testing"
    return "nothing: kept out" if kept_out else "training"


def _what_for(desk: Desk, sample: SampleEntry) -> str:
    if sample.part is Part.TEST:
        return "One of your test samples: only used to check your model."
    if sample.id in (desk.near_test_known() or {}):
        return "Nearly the same as one of your test samples, so kept out of training."
    return "A training sample."


def _move(desk: Desk, sample_ids: Sequence[str], part: Part) -> None:
    with desk.changing("move samples") as workspace:
        workspace.move_samples(sample_ids, part)
    st.rerun()


def _delete(desk: Desk, sample_ids: Sequence[str]) -> None:
    with desk.changing("delete samples") as workspace:
        workspace.delete_samples(sample_ids)
    st.rerun()


def _find(desk: Desk, sample_id: str) -> SampleEntry:
    for sample in desk.workspace.manifest.samples:
        if sample.id == sample_id:
            return sample
    raise SampleError("That sample is not there any more. Close this window.")


def _gallery(desk: Desk, samples: tuple[SampleEntry, ...]) -> list[str]:
    """Pictures with a tick box each; ids of the ticked ones."""
    near = desk.near_test_known() or {}
    rows = [
        {
            "": False,
            "Picture": thumb_uri(desk.workspace, sample),
            "For": _purpose(sample, sample.id in near),
            "From": sample.origin or sample.source.value,
            "Added": clock(sample.added),
        }
        for sample in samples
    ]
    edited = st.data_editor(
        rows,
        key=f"gallery_{hash(tuple(sample.id for sample in samples))}",
        disabled=["Picture", "For", "From", "Added"],
        column_config={"Picture": st.column_config.ImageColumn(width="small")},
        hide_index=True,
        height=420,
        row_height=44,
    )
    return [sample.id for sample, row in zip(samples, edited, strict=False) if row and row.get("")]
