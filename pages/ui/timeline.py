"""The checkpoints of a workspace: a card each, newest first, with what can be done with it."""

from __future__ import annotations

import streamlit as st

from odt_core.bundled import bundled_names
from odt_core.workspace import CheckpointEntry, Kind, Score
from pages.ui import pieces, trouble
from pages.ui.desk import Desk
from pages.ui.downloads import file_name
from pages.ui.numbers import figure
from pages.ui.say import clock, count, percent, size

_WORDS = {
    Kind.START: "Start of a run",
    Kind.END: "End of a run",
    Kind.BEST: "Best of a run, chosen on your test samples",
    Kind.AUTO: "During a run",
    Kind.BEFORE: "Safety copy",
    Kind.MANUAL: "Saved by you",
    Kind.UPLOADED: "Uploaded",
}


def title(entry: CheckpointEntry) -> str:
    """ "Step 240 · end of a run · 14:03:21"."""
    kind = _WORDS[entry.info.kind].lower()
    return f"Step {entry.info.steps:,} · {kind} · {clock(entry.added)}"


def timeline(desk: Desk) -> None:
    """The checkpoints, and below them the base model itself, in place of its copies."""
    manifest = desk.workspace.manifest
    for entry in reversed(desk.other_checkpoints()):
        _checkpoint(desk, entry, head=entry.id == manifest.head)
    base = st.container(key="card_base", border=True)
    with base, st.container(horizontal=True, vertical_alignment="center"):
        pieces.heading("Base model", "as it came")
        if manifest.head is None:
            pieces.chip(_now(desk), own=False)
        else:
            st.button(
                "Restore",
                key="restore_base",
                disabled=desk.busy,
                on_click=_restore,
                args=(desk, None),
            )


def _checkpoint(desk: Desk, entry: CheckpointEntry, *, head: bool) -> None:
    usable = entry.model == desk.model.key
    with st.container(key=f"card_{entry.id}", border=True, gap="small"):
        with st.container(horizontal=True, vertical_alignment="center"):
            aside = _facts(entry) if usable else f"{_facts(entry)} · of another model"
            pieces.heading(f"Step {entry.info.steps:,}", aside)
            if head:
                pieces.chip(_now(desk), own=True)
        with st.container(horizontal=True, vertical_alignment="center"):
            pieces.scores(
                _score("Your test samples", entry.info.own),
                _score("Base test set", entry.info.base),
            )
            _acts(desk, entry, head=head, usable=usable)
        key, saved = f"note_{entry.id}", f"note_saved_{entry.id}"
        # Else it stays as typed: it may be that it could not be saved.
        if key not in st.session_state or st.session_state.get(saved) != entry.info.note:
            st.session_state[key] = st.session_state[saved] = entry.info.note
        st.text_input(
            "Note",
            key=key,
            max_chars=500,
            placeholder="Add a note",
            label_visibility="collapsed",
            on_change=_note,
            args=(desk, entry.id),
        )


def _acts(desk: Desk, entry: CheckpointEntry, *, head: bool, usable: bool) -> None:
    """In one row: where they do not fit beside the scores, all of them come below."""
    with st.container(key=f"acts_{entry.id}", horizontal=True, width="content"):
        st.button(
            "Restore",
            key=f"restore_{entry.id}",
            on_click=_restore,
            args=(desk, entry.id),
            disabled=head or desk.busy or not usable,
            help=None if usable else "Belongs to another model: choose that one first.",
        )
        st.download_button(
            "Download",
            lambda: desk.checkpoint_file(entry.id),
            file_name=file_name(_whose(desk, entry), f"step{entry.info.steps}.safetensors"),
            mime="application/octet-stream",
            on_click="ignore",
            key=f"get_{entry.id}",
        )
        st.button(
            "Delete",
            key=f"delete_{entry.id}",
            on_click=_delete,
            args=(desk, entry.id),
            disabled=head or desk.busy,
            help="This one is your model now." if head else "Undo brings it back.",
        )


def _whose(desk: Desk, entry: CheckpointEntry) -> str:
    """Name of the model that it belongs to, as far as that is still known."""
    for model in (desk.model, *desk.workspace.manifest.models):
        if model.key == entry.model:
            return model.name
    return bundled_names().get(entry.model.removeprefix("bundled:"), "checkpoint")


def _now(desk: Desk) -> str:
    return "where this training began" if desk.busy else "your model now"


def _facts(entry: CheckpointEntry) -> str:
    samples = f" · {count(entry.info.samples, 'sample')}" if entry.info.samples else ""
    kind = _WORDS[entry.info.kind]
    heat = entry.info.temperature
    warmth = f" · temperature {heat.value:.2f}" if heat else ""
    return f"{kind} · {clock(entry.added)}{samples} · {size(entry.bytes)}{warmth}"


def _score(name: str, score: Score | None) -> tuple[str, str]:
    if score is None:
        return name, "not measured"
    if score.share_right is None:
        return name, f"error {figure(score.error)} on {score.n:,}"
    return name, f"{percent(score.share_right)} of {score.n:,}"


def _restore(desk: Desk, checkpoint_id: str | None) -> None:
    with trouble.caught("checkpoints"):
        desk.restore(checkpoint_id)


def _delete(desk: Desk, checkpoint_id: str) -> None:
    with trouble.caught("checkpoints"), desk.changing("delete the checkpoint") as workspace:
        workspace.delete_checkpoint(checkpoint_id)


def _note(desk: Desk, checkpoint_id: str) -> None:
    with trouble.caught("checkpoints"):
        text = st.session_state[f"note_{checkpoint_id}"]
        desk.workspace.note_checkpoint(checkpoint_id, text)
        st.session_state.pop(f"note_saved_{checkpoint_id}", None)  # shown as it was saved
