"""Card 1: the labels, their samples, and three ways to add more."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from odt_core.errors import LabelError, SampleError
from odt_core.samples import decode_image, read_samples
from odt_core.workspace import LabelEntry, Manifest, Part, SampleEntry, Source, Workspace
from pages.ui import pieces, trouble
from pages.ui.canvas import sample_pad
from pages.ui.desk import Desk
from pages.ui.people import example_person
from pages.ui.sample_dialogs import ask_delete_label, show_label, show_sample
from pages.ui.say import count
from pages.ui.shelf import MANY, Act, ShelfLabel, Thumb, shelf
from pages.ui.thumbs import thumb_uri

_ACTIVE = "samples_label"  # id of the label that new samples get
_WAY = "samples_way"
_FILES = "samples_files"  # changes with each upload that was taken, which empties the widget
_OPEN = "samples_open"  # (dialog, id) to open in this run
_WAYS = ("Draw", "Upload", "Camera")
_HEIGHT = "max(19rem, calc(100vh - 32.2rem))"  # of the shelf: the page fits the window


def samples_card(desk: Desk) -> None:
    """Draw the card."""
    manifest = desk.workspace.manifest
    active = _active_label(manifest)
    with st.container(key="card_samples", border=True, gap="small"):
        tests = sum(sample.part is Part.TEST for sample in manifest.samples)
        said = count(len(manifest.samples), "sample")
        pieces.step(1, "Samples", f"{said}, {tests} set aside for testing" if tests else said)
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            way = st.segmented_control(
                "How to add samples",
                _WAYS,
                key=_WAY,
                default="Draw",
                required=True,
                label_visibility="collapsed",
            )
            st.space("stretch")
            example_person(desk)
        with trouble.shown():
            _ways[way or "Draw"](desk, active)
        trouble.show_said("samples")
        _shelf(desk, manifest, active)
    _dialogs(desk)


def _draw(desk: Desk, active: LabelEntry | None) -> None:
    if active is None:
        pieces.note("Add a label below first: what are your samples to be called?")
        return
    drawn = sample_pad("pad", active.name, size=176)
    if drawn is not None:
        name, picture = drawn
        target = _label_called(desk.workspace.manifest, name) or active
        report = desk.workspace.add_samples([picture], target.id, Source.DRAW)
        if not report.added:
            trouble.say("samples", report.summary, "info")
        st.rerun()  # the shelf and the counts above stand for the state before


def _upload(desk: Desk, active: LabelEntry | None) -> None:
    turn = st.session_state.setdefault(_FILES, 0)
    st.file_uploader(
        "Pictures, or a zip of label folders",
        accept_multiple_files=True,
        key=f"upload_{turn}",
        on_change=_uploaded,
        args=(desk, f"upload_{turn}"),
        label_visibility="collapsed",
    )
    where = f"'{active.name}'" if active else "the chosen label"
    pieces.note(
        f"Pictures go to {where}. A .zip of label folders (Teachable Machine's too) or an .npz "
        "brings its own labels."
    )


def _uploaded(desk: Desk, key: str) -> None:
    files = st.session_state.get(key) or []
    if not files:
        return
    st.session_state[_FILES] += 1
    with trouble.caught("samples"):
        said = add_files(
            desk.workspace,
            [(file.name, file.getvalue()) for file in files],
            st.session_state.get(_ACTIVE),
        )
        trouble.say("samples", said, "info")


def add_files(
    workspace: Workspace, files: Sequence[tuple[str, bytes]], label_id: str | None
) -> str:
    """Add uploaded files, all or none of each archive and all or none of the pictures.

    Pictures get the label `label_id`; archives bring their own. Returns what happened in words.
    """
    archives = [file for file in files if file[0].lower().endswith((".zip", ".npz"))]
    pictures = [file for file in files if file not in archives]
    raws = [read_samples(data, name) for name, data in archives]
    items = [decode_image(data, name) for name, data in pictures]
    said = []
    if items:
        if label_id is None:
            raise LabelError("There is no label for these pictures yet. Add one first.")
        names = [name for name, _ in pictures]
        said.append(workspace.add_samples(items, label_id, Source.UPLOAD, names).summary)
    for raw in raws:
        if not len(raw):
            raise SampleError("The archive holds no pictures. Put them into one folder per label.")
        said.append(workspace.add_raw(raw, Source.UPLOAD).summary)
    return " ".join(said)


def _camera(desk: Desk, active: LabelEntry | None) -> None:
    if active is None:
        pieces.note("Add a label below first: what are your samples to be called?")
        return
    turn = st.session_state.setdefault(_FILES, 0)
    st.camera_input(
        "Photograph a sample",
        key=f"camera_{turn}",
        label_visibility="collapsed",
        on_change=_photographed,
        args=(desk, f"camera_{turn}"),
    )
    pieces.note(f"The photo goes to '{active.name}'.")


def _photographed(desk: Desk, key: str) -> None:
    photo = st.session_state.get(key)
    if photo is None:
        return
    st.session_state[_FILES] += 1
    with trouble.caught("samples"):
        picture = decode_image(photo.getvalue(), "The photo")
        active = _active_label(desk.workspace.manifest)
        if active is None:
            raise LabelError("There is no label for this photo yet. Add one first.")
        desk.workspace.add_samples([picture], active.id, Source.CAMERA, ["photo"])


_ways = {"Draw": _draw, "Upload": _upload, "Camera": _camera}


def _shelf(desk: Desk, manifest: Manifest, active: LabelEntry | None) -> None:
    by_label: dict[str, list[SampleEntry]] = {label.id: [] for label in manifest.labels}
    for sample in reversed(manifest.samples):  # newest first
        by_label[sample.label].append(sample)
    labels = [
        ShelfLabel(
            id=label.id,
            name=label.name,
            count=len(by_label[label.id]),
            test=sum(sample.part is Part.TEST for sample in by_label[label.id]),
            enabled=label.enabled,
            thumbs=tuple(
                Thumb(sample.id, thumb_uri(desk.workspace, sample), sample.part is Part.TEST)
                for sample in by_label[label.id][:MANY]
            ),
        )
        for label in manifest.labels
    ]
    free = len(desk.model.outputs) - sum(label.output is not None for label in manifest.labels)
    shelf(
        "shelf",
        labels,
        active=active.id if active else "",
        height=_HEIGHT,
        longest=desk.workspace.limits.label_length,
        add=f"New label ({free} left)" if free > 0 else "",
        busy=desk.busy,
        on_act=lambda act: _acted(desk, act),
    )


def _acted(desk: Desk, act: Act) -> None:
    """A callback: change the workspace, or note which dialog to open."""
    workspace = desk.workspace
    with trouble.caught("samples"):
        match act.do:
            case "choose":
                st.session_state[_ACTIVE] = act.label
            case "rename":
                workspace.rename_label(act.label, act.name)
            case "toggle":
                label = workspace.manifest.label(act.label)
                workspace.enable_label(act.label, not (label and label.enabled))
            case "add":
                st.session_state[_ACTIVE] = workspace.add_label(act.name).id
            case "delete" if workspace.manifest.samples_of(act.label):
                st.session_state[_OPEN] = ("delete", act.label)
            case "delete":
                workspace.delete_label(act.label)
            case "open":
                st.session_state[_OPEN] = ("sample", act.sample)
            case "all":
                st.session_state[_OPEN] = ("label", act.label)


def _dialogs(desk: Desk) -> None:
    kind, which = st.session_state.pop(_OPEN, (None, ""))
    if kind == "sample":
        show_sample(desk, which)
    elif kind == "label":
        show_label(desk, which)
    elif kind == "delete":
        ask_delete_label(desk, which)


def _active_label(manifest: Manifest) -> LabelEntry | None:
    wanted = manifest.label(st.session_state.get(_ACTIVE, ""))
    if wanted is None:
        wanted = next(iter(manifest.labels), None)
        if wanted is not None:
            st.session_state[_ACTIVE] = wanted.id
    return wanted


def _label_called(manifest: Manifest, name: str) -> LabelEntry | None:
    return next((label for label in manifest.labels if label.name == name), None)
