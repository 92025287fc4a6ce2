"""The person's locked test samples: which they are, what was moved, what is kept out."""

from __future__ import annotations

import streamlit as st

from odt_core.workspace import Part, SampleEntry
from pages.ui import pieces, trouble
from pages.ui.desk import Desk
from pages.ui.evaluate.large import Face, Number, faces, numbers
from pages.ui.say import count, plain
from pages.ui.thumbs import thumb_uri

_SHOWN = 60  # pictures
_STEPS = 8  # moves that are listed


def test_samples(desk: Desk) -> None:
    """Draw the part."""
    manifest = desk.workspace.manifest
    test = [s for s in manifest.samples if s.part is Part.TEST]
    train = [s for s in manifest.samples if s.part is Part.TRAIN]
    near = desk.near_test()
    with st.container(key="card_locked", border=True, gap="small"), trouble.shown():
        pieces.heading("Your locked test samples", "never trained on, never varied into training")
        numbers(
            Number("Locked for testing", f"{len(test):,}", "chosen when they were added", own=True),
            Number("To learn from", f"{len(train) - len(near):,}", "training samples"),
            Number("Kept out", f"{len(near):,}", "too like a test sample"),
        )
        pieces.note(
            "Of every five samples of a label one is locked the moment it is added, by its place "
            "in line; from the third sample on there is at least one."
        )
        _move(desk, test, train)
        if test:
            faces(_face(desk, sample) for sample in test[-_SHOWN:][::-1])
        else:
            pieces.note("None yet: add three or more samples of a label on the first page.")
        if len(test) > _SHOWN:
            pieces.note(f"The newest {_SHOWN} of {count(len(test), 'test sample')}.")
    with st.container(key="card_near", border=True, gap="small"), trouble.shown():
        pieces.heading("Kept out of training", "the same stroke twice, the same photo resized")
        _near(desk, near)
    with st.container(key="card_moves", border=True, gap="small"), trouble.shown():
        pieces.heading("What was moved", "newest first")
        _moves(desk)


def _move(desk: Desk, test: list[SampleEntry], train: list[SampleEntry]) -> None:
    """One sample from one part to the other; recorded, and undone like every other change."""
    everything = {sample.id: sample for sample in [*test[::-1], *train[::-1]]}
    trouble.show_said("parts")
    if not everything:
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        chosen = st.selectbox(
            "Sample to move",
            list(everything),
            key="part_of",
            format_func=lambda key: _called(desk, everything[key]),
            width=360,
        )
        sample = everything.get(chosen) or next(iter(everything.values()))
        locked = sample.part is Part.TEST
        st.image(desk.workspace.thumbnail(sample.id, 64), width=44)
        st.button(
            "Use it for training" if locked else "Lock it for testing",
            key="change_part",
            on_click=_change,
            args=(desk, sample.id, Part.TRAIN if locked else Part.TEST),
            disabled=desk.busy,
        )
        undo = desk.workspace.undo_step
        st.button(
            "Undo",
            key="undo_part",
            on_click=_undo,
            args=(desk,),
            disabled=desk.busy or not undo,
            help=plain(undo) if undo else None,
        )


def _called(desk: Desk, sample: SampleEntry) -> str:
    label = desk.workspace.manifest.label(sample.label)
    part = "test" if sample.part is Part.TEST else "training"
    name = label.name if label else "no label"
    return f"{part} · {name} · {sample.origin or sample.id}"


def _face(desk: Desk, sample: SampleEntry) -> Face:
    label = desk.workspace.manifest.label(sample.label)
    return Face(
        thumb_uri(desk.workspace, sample, 96),
        label.name if label else "no label",
        sample.origin or sample.source.value,
        "",
        test=sample.part is Part.TEST,
    )


def _near(desk: Desk, near: dict[str, str]) -> None:
    samples = {sample.id: sample for sample in desk.workspace.manifest.samples}
    pairs = [(samples[one], samples[other]) for one, other in near.items()]
    alike_note(desk)
    if not pairs:
        pieces.note("No training sample is that like a test sample.")
        return
    pieces.note(
        f"{count(len(pairs), 'training sample')} would have given a test sample away. Each is "
        "followed by the test sample that it is like."
    )
    for one, other in pairs[:6]:
        faces([_face(desk, one), _face(desk, other)])


def alike_note(desk: Desk) -> None:
    """Say which labels' tests tell little, because all their samples are nearly the same."""
    labels = [desk.workspace.manifest.label(one) for one in desk.all_alike()]
    names = [f"'{label.name}'" if label else "this model" for label in labels]
    if names:
        pieces.note(
            f"All samples of {', '.join(names)} are nearly the same, test samples included: they "
            "are trained on, but the test says little about them. Add some that differ."
        )


def _moves(desk: Desk) -> None:
    steps = [step for step in desk.workspace.steps_done() if _is_move(step)]
    if not steps:
        pieces.note("Nothing was moved by hand.")
        return
    pieces.table(("",), [(step[0].upper() + step[1:],) for step in steps[:_STEPS]])
    if len(steps) > _STEPS:
        pieces.note(f"And {count(len(steps) - _STEPS, 'earlier move')}.")


def _is_move(step: str) -> bool:
    return step.startswith("use ") and step.endswith((" for testing", " for training"))


def _change(desk: Desk, sample_id: str, part: Part) -> None:
    with trouble.caught("parts"):
        desk.workspace.move_sample(sample_id, part)


def _undo(desk: Desk) -> None:
    with trouble.caught("parts"):
        desk.workspace.undo()
