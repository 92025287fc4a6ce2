"""Card 1: the samples, by label where the model tells labels apart, and the ways to add more."""

from __future__ import annotations

import streamlit as st

from odt_core.dialects.contract import Task
from odt_core.samples.labels import MAX_LABEL_LENGTH
from odt_core.workspace import LabelEntry, Manifest, Part, SampleEntry
from pages.ui import pieces, trouble
from pages.ui.adding import active_label, add_by, choose_label, notice_of_upload, ways
from pages.ui.desk import Desk
from pages.ui.people import example_person
from pages.ui.photograph import WAY
from pages.ui.sample_dialogs import ask_delete_label, show_label, show_sample
from pages.ui.say import count, isolated
from pages.ui.shelf import FEW, MANY, Act, ShelfLabel, Thumb, shelf
from pages.ui.thumbs import thumb_uri

_OPEN = "samples_open"  # (dialog, id) to open in this run
_WAY_OF = "samples_way_of"  # key of the model that the way was last shown for
_HEIGHT = "max(14.7rem, calc(100vh - 32.2rem))"  # of the shelf: the page fits the window
_HEIGHT_BELOW_CAMERA = "max(12.7rem, calc(100vh - 39.9rem))"
_NAMED = 12  # labels that are listed in the order of the outputs
_VERBS = {"Draw": "draw", "Upload": "upload", "Camera": "photograph", "Type": "type"}
_TITLES = {Task.VALUES: "Samples with targets", Task.RECONSTRUCTION: "All samples"}


def samples_card(desk: Desk) -> None:
    """Draw the card."""
    manifest = desk.workspace.manifest
    with st.container(key="card_samples", border=True, gap="small"):
        shown = desk.usable_samples()
        tests = sum(sample.part is Part.TEST for sample in shown)
        said = count(len(shown), "sample")
        pieces.step(1, "Samples", f"{said}, {tests} set aside for testing" if tests else said)
        with trouble.shown():
            active = active_label(desk) if desk.tells_labels else None
            with st.container(horizontal=True, vertical_alignment="center", gap="small"):
                way = _way(desk)
                st.space("stretch")
                example_person(desk)
            with trouble.shown():
                add_by(desk, way, active)
            trouble.show_said("samples")
            notice_of_upload(desk)
            _disabled(active)
            _unfit(desk)
            _unlabelled(desk, manifest)
            _order(desk)
            _shelf(desk, manifest, active)
    _dialogs(desk)


def _way(desk: Desk) -> str:
    options, model = ways(desk), desk.model.key
    other_model = st.session_state.get(_WAY_OF, model) != model
    if other_model or st.session_state.get(WAY, options[0]) not in options:
        st.session_state[WAY] = options[0]  # what suits it best
    st.session_state[_WAY_OF] = model
    chosen = st.segmented_control(
        "How to add samples",
        options,
        key=WAY,
        # Not by the session's state where that is new: after a restart the browser still knows.
        default=None if WAY in st.session_state else options[0],
        required=True,
        label_visibility="collapsed",
        persist_state="session",
    )
    return chosen or options[0]


def _disabled(active: LabelEntry | None) -> None:
    """What is added to a label that is turned off is kept, and does nothing."""
    if active is not None and not active.enabled:
        pieces.note(
            f"'{isolated(active.name)}' is disabled: what you add to it is kept, but not used "
            "until you enable it."
        )


def _unfit(desk: Desk) -> None:
    """Samples of another model rest; they are not lost."""
    if desk.model.bundled and desk.sees_pictures and not desk.workspace.manifest.resting:
        return
    resting = desk.unfit()
    if resting:
        pieces.note(
            f"{count(resting, 'sample')} of another kind than this model takes: "
            "kept for the model they belong to, not used here."
        )


def _unlabelled(desk: Desk, manifest: Manifest) -> None:
    """Samples without a label stand on no shelf of a model that tells labels apart."""
    samples = manifest.samples_of("") if desk.tells_labels else ()
    if samples:
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            pieces.note(f"{count(len(samples), 'sample')} without a label: not used here.")
            if st.button("See them", key="unlabelled"):
                st.session_state[_OPEN] = ("unlabelled", "")


def _order(desk: Desk) -> None:
    """Which output each label is taken for, at a model whose file does not say."""
    names = [name for name in desk.output_names if name is not None and not name.isdecimal()]
    if desk.model.bundled or not desk.tells_labels or len(names) < 2:
        return
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    listed = ", ".join(map(isolated, names[:_NAMED]))
    pieces.note(
        f"The model's outputs are taken for {listed}{more}, in this order. "
        "Change that under Label names on the Model page."
    )


def _shelf(desk: Desk, manifest: Manifest, active: LabelEntry | None) -> None:
    if desk.tells_labels:
        labels = _rows(desk, manifest, active)
        free = len(desk.model.outputs) - sum(label.output is not None for label in manifest.labels)
    else:
        every = desk.usable_samples()[::-1]
        labels = [_row(desk, "", _TITLES[desk.task], every, 3 * MANY, fixed=True)]
        free = 0
    shelf(
        "shelf",
        labels,
        active=active.id if active else "",
        height=_HEIGHT_BELOW_CAMERA if st.session_state.get(WAY) == "Camera" else _HEIGHT,
        longest=MAX_LABEL_LENGTH,
        add=f"New label ({free} left)" if free > 0 else "",
        busy=desk.busy,
        on_act=lambda act: _acted(desk, act),
        hint=f"No samples yet. {_how(ways(desk))}",
    )


def _how(ways: tuple[str, ...]) -> str:
    """ "Upload, photograph or draw some above."."""
    verbs = [_VERBS[way] for way in ways]
    said = " or ".join(filter(None, (", ".join(verbs[:-1]), verbs[-1])))
    return f"{said.capitalize()} some above."


def _rows(desk: Desk, manifest: Manifest, active: LabelEntry | None) -> list[ShelfLabel]:
    by_label: dict[str, list[SampleEntry]] = {label.id: [] for label in manifest.labels}
    for sample in reversed(manifest.samples):  # newest first
        if sample.label in by_label:
            by_label[sample.label].append(sample)
    return [
        _row(
            desk,
            label.id,
            label.name,
            by_label[label.id],
            MANY if label == active else FEW,
            enabled=label.enabled,
        )
        for label in manifest.labels
    ]


def _row(
    desk: Desk,
    label_id: str,
    name: str,
    samples: list[SampleEntry] | tuple[SampleEntry, ...],
    pictures: int,
    *,
    enabled: bool = True,
    fixed: bool = False,
) -> ShelfLabel:
    near = desk.near_test_known() or {}
    return ShelfLabel(
        id=label_id,
        name=name,
        count=len(samples),
        test=sum(sample.part is Part.TEST for sample in samples),
        enabled=enabled,
        thumbs=tuple(
            Thumb(
                sample.id,
                thumb_uri(desk.workspace, sample),
                sample.part is Part.TEST,
                sample.id in near,
            )
            for sample in samples[:pictures]
        ),
        fixed=fixed,
    )


def _acted(desk: Desk, act: Act) -> bool:
    """A callback: change the workspace, or note which dialog to open; whether that could be."""
    manifest = desk.workspace.manifest
    with trouble.caught("samples"):
        match act.do:
            case "choose":
                choose_label(desk, act.label, act.name)
            case "rename":
                with desk.changing("rename the label") as workspace:
                    workspace.rename_label(act.label, act.name)
            case "toggle":
                label = manifest.label(act.label)
                on = not (label and label.enabled)
                with desk.changing(f"{'enable' if on else 'disable'} the label") as workspace:
                    workspace.enable_label(act.label, on)
            case "add":
                with desk.changing("add the label") as workspace:
                    choose_label(desk, workspace.add_label(act.name).id)
            case "delete" if manifest.samples_of(act.label):
                st.session_state[_OPEN] = ("delete", act.label)
            case "delete":
                with desk.changing("delete the label") as workspace:
                    workspace.delete_label(act.label)
            case "open":
                st.session_state[_OPEN] = ("sample", act.sample)
            case "all":
                st.session_state[_OPEN] = ("label", act.label)
        return True
    return False


def _dialogs(desk: Desk) -> None:
    kind, which = st.session_state.pop(_OPEN, (None, ""))
    if kind == "sample":
        show_sample(desk, which)
    elif kind == "label":
        show_label(desk, which or None)
    elif kind == "unlabelled":
        show_label(desk, "")
    elif kind == "delete":
        ask_delete_label(desk, which)
