"""The person's locked test samples: which they are, what was moved, what is kept out."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from odt_core.workspace import Part, SampleEntry
from pages.ui import pieces, trouble
from pages.ui.bursts import burst_note
from pages.ui.desk import Desk
from pages.ui.desk.after_runs import SeenTests
from pages.ui.evaluate.gallery import gallery
from pages.ui.evaluate.large import Face, Number, numbers
from pages.ui.say import beside, clock, isolated
from pages.ui.thumbs import thumb_uri
from pages.ui.undo import step_button
from pages.ui.untested import untested


def test_samples(desk: Desk) -> None:
    """Draw the part."""
    test, train = desk.usable_samples(Part.TEST), desk.usable_samples(Part.TRAIN)
    near = desk.near_test()
    with st.container(key="card_locked", border=True, gap="small"), trouble.shown():
        seen = "" if desk.seen_tests() else "never trained on, "
        pieces.heading("Your locked test samples", f"{seen}never varied into training")
        by_hand = sum(bool(sample.moved) for sample in test)
        numbers(
            Number(
                "Locked for testing",
                f"{len(test):,}",
                "chosen when they were added" + (f", {by_hand:,} by hand" if by_hand else ""),
                own=True,
            ),
            Number("To learn from", f"{len(train) - len(near):,}", "training samples"),
            Number("Kept out", f"{len(near):,}", "too like a test sample"),
        )
        pieces.note(
            f"One in five samples{desk.of_a_label} is locked for testing as it is added, of "
            "examples every other one; from three on there is at least one. A burst counts as one: "
            "it stays together."
        )
        # One place, however much is said: what follows is not made anew, and keeps the focus.
        with st.container(gap="small"):
            test_notes(desk, listed=False)
            trouble.show_said("parts")
        _move(desk, test, train)
        if test:
            gallery("locked", test[::-1], lambda sample: _face(desk, sample))
        else:
            pieces.note(untested(desk))
    with st.container(key="card_near", border=True, gap="small"), trouble.shown():
        twins = "the same stroke twice, the same photo resized"
        if not desk.sees_pictures:
            twins = "what is nearly the same as another sample"
        pieces.heading("Kept out of training", twins)
        _near(desk, near)
    with st.container(key="card_moves", border=True, gap="small"), trouble.shown():
        pieces.heading("Moved by hand", "newest first; undo takes a move back")
        _moves(desk)


def test_notes(desk: Desk, *, listed: bool) -> None:
    """What makes the figures on the test samples worth less than they seem, if anything does.
    listed: whether to say where moved ones are listed.
    """
    seen = _seen_in_words(desk.seen_tests())
    if seen:
        pieces.checks([(None, seen)])
    head = desk.workspace.manifest.head_entry
    if head is not None and head.info.chosen:
        pieces.note(
            "Your model is the best of a run, chosen on these test samples: the figures are too "
            "good."
        )
    _alike_note(desk)
    moved = [sample for sample in desk.workspace.manifest.samples if sample.moved]
    into = sum(sample.part is Part.TEST for sample in moved)
    if moved:
        said = [f"{into:,} to testing"] if into else []
        said += [f"{len(moved) - into:,} to training"] if into < len(moved) else []
        where = " Test samples lists them." if listed else ""
        pieces.note(f"Samples moved by hand: {', '.join(said)}.{where}")


def _seen_in_words(seen: SeenTests) -> str:
    told = []
    if many := len(seen.itself):
        told.append(f"{many:,} {'was' if many == 1 else 'were'} trained on earlier")
    if many := len(seen.again):
        same = "is nearly the same as a sample" if many == 1 else "are nearly the same as samples"
        told.append(f"{many:,} {same} that your model was trained on")
    if not told:
        return ""
    return (
        f"Of these test samples {' and '.join(told)}: the figures are too good. Reset to base on "
        "the Personalise page, then train again."
    )


def _alike_note(desk: Desk) -> None:
    """Say which labels' tests tell little, because all their samples are nearly the same."""
    labels = [desk.workspace.manifest.label(one) for one in desk.all_alike()]
    names = [f"'{isolated(label.name)}'" if label else "this model" for label in labels]
    if names:
        pieces.note(
            f"All samples of {', '.join(names)} are nearly the same, test samples included: they "
            "are trained on, but the test says little about them. Add some that differ."
        )


def _move(desk: Desk, test: Sequence[SampleEntry], train: Sequence[SampleEntry]) -> None:
    """One sample from one part to the other; recorded, and undone like every other change."""
    everything = {sample.id: sample for sample in [*test[::-1], *train[::-1]]}
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
        with trouble.shown():
            picture = desk.workspace.thumbnail(sample.id, 44)
            st.image(picture, width=44, alt=_called(desk, sample))
        st.button(
            "Use it for training" if locked else "Lock it for testing",
            key="change_part",
            on_click=_change,
            args=(desk, sample.id, Part.TRAIN if locked else Part.TEST),
            disabled=desk.busy,
        )
        step_button(desk, "undo_part", "parts")
    burst_note(desk, [sample.id])


def _called(desk: Desk, sample: SampleEntry) -> str:
    part = "test" if sample.part is Part.TEST else "training"
    return beside(part, _label(desk, sample), sample.origin or sample.id)


def _label(desk: Desk, sample: SampleEntry) -> str:
    label = desk.workspace.manifest.label(sample.label)
    return label.name if label else "no label" if desk.tells_labels else ""


def _face(desk: Desk, sample: SampleEntry, remark: str = "") -> Face:
    return Face(
        thumb_uri(desk.workspace, sample, 96),
        _label(desk, sample),
        sample.origin or sample.source.value,
        remark,
        test=sample.part is Part.TEST,
    )


def _near(desk: Desk, near: dict[str, str]) -> None:
    samples = {sample.id: sample for sample in desk.workspace.manifest.samples}
    pairs = [(samples[one], samples[other]) for one, other in near.items()]
    if not pairs:
        pieces.note("No training sample is that like a test sample.")
        return
    pieces.note(
        "1 training sample nearly repeats a test sample, so it is not trained on. It is shown "
        "before the one it repeats."
        if len(pairs) == 1
        else f"{len(pairs):,} training samples nearly repeat test samples, so they are not "
        "trained on. Each is shown before the one it repeats."
    )
    both = [sample for pair in pairs for sample in pair]
    gallery(
        "near",
        both,
        lambda sample: _face(desk, sample, "test" if sample.part is Part.TEST else "kept out"),
    )


def _moves(desk: Desk) -> None:
    moved = [sample for sample in desk.workspace.manifest.samples if sample.moved]
    if not moved:
        pieces.note("Nothing was moved by hand.")
        return
    moved.sort(key=lambda sample: -sample.moved)
    gallery("moved", moved, lambda sample: _face(desk, sample, _moved(sample)))


def _moved(sample: SampleEntry) -> str:
    part = "testing" if sample.part is Part.TEST else "training"
    return f"for {part} since {clock(sample.moved)}"


def _change(desk: Desk, sample_id: str, part: Part) -> None:
    with trouble.caught("parts"), desk.changing("move the sample") as workspace:
        workspace.move_sample(sample_id, part)
