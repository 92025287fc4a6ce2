"""Unlearning, verified: derive the model again from the base without a sample or a label."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import streamlit as st

from odt_core.checkpoint import Checkpoint, CheckpointMeta, save_checkpoint
from odt_core.errors import SampleError
from odt_core.evaluation import evaluate
from odt_core.samples import Samples
from odt_core.studies import Trainer, Unlearned, unlearn
from odt_core.training.settings import Settings
from odt_core.workspace import CheckpointInfo, Kind, Part, SampleEntry, Score
from pages.ui import pieces, trouble
from pages.ui.base_sets import base_test_of, replay_of
from pages.ui.desk import Desk
from pages.ui.desk.jobs import Job
from pages.ui.evaluate.large import Number, numbers, verdict
from pages.ui.evaluate.study import about_training, study, told, trainer_of, why_not
from pages.ui.say import beside, count
from pages.ui.thumbs import thumb_uri

_PLACE = "forget"
_MOST = 300  # samples to choose from, the newest


@dataclass(frozen=True)
class Forgotten:
    """What came out, with what is needed to make it the person's model."""

    unlearned: Unlearned
    sample_ids: tuple[str, ...]
    settings: Settings
    steps: int
    model_sha256: str
    model: str  # ModelEntry.key
    own: Score | None  # of what came out, on the person's test samples
    base: Score | None  # on the base test set


def forget(desk: Desk) -> None:
    """Draw the part."""
    with st.container(key="card_forget", border=True, gap="small"), trouble.shown():
        pieces.heading("Forget a sample or a label", "and prove that it is forgotten")
        pieces.note(
            "odt retrains from the base model without the samples you choose, here and in a "
            "process that never saw them, and compares all weights."
        )
        trouble.show_said(_PLACE)
        chosen = _choice(desk)
        ready = why_not(desk, judged=False) or ("" if chosen else "Choose what to forget.")
        ids = tuple(sample.id for sample in chosen)
        study(
            desk,
            "unlearning",
            "forget",
            lambda job: _work(desk, job, ids),
            lambda found: _show(desk, found),
            ready=ready,
            button="Derive again without it",
            about=(about_training(desk), ids),
        )


def _choice(desk: Desk) -> list[SampleEntry]:
    """The samples to forget: one, or all of a label."""
    manifest = desk.workspace.manifest
    train = desk.usable_samples(Part.TRAIN)
    labels = {label.id: label.name for label in manifest.labels}
    held = {label for label in labels if any(s.label == label for s in train)}
    options = {f"label {key}": f"Everything of '{labels[key]}'" for key in labels if key in held}
    for sample in train[::-1][:_MOST]:
        options[f"sample {sample.id}"] = beside(
            labels.get(sample.label, "no label"), sample.origin or sample.id
        )
    if not options:
        return []
    if st.session_state.get("forget_what") not in options:
        st.session_state["forget_what"] = next(iter(options))
    chosen = st.selectbox(
        "What to forget", list(options), key="forget_what", format_func=lambda k: options[k]
    )
    kind, _, key = (chosen or "").partition(" ")
    found = [s for s in train if (s.label if kind == "label" else s.id) == key]
    pieces.pictures([("", thumb_uri(desk.workspace, s, 96), "") for s in found[:8]])
    return found


def _work(desk: Desk, job: Job, ids: tuple[str, ...]) -> Forgotten:
    prepared = desk.prepared(Part.TRAIN)
    samples = prepared.samples
    out = np.array([entry.id in ids for entry in prepared.entries], bool)
    if not out.any():
        raise SampleError("None of these is trained on, so there is nothing to forget.")
    settings = desk.settings
    with trainer_of(desk) as trainer:
        found = unlearn(
            trainer,
            samples.take(~out),
            settings,
            removed=samples.take(out),
            replay=replay_of(desk.card) if settings.replay else None,
            progress=told(job),
            stopped=job.stopped,
        )
        last = trainer.last
        steps = last.steps if last else 0
        tests = (desk.samples(Part.TEST), base_test_of(desk.card))
        own, base = (_score(trainer, samples) for samples in tests)
    return Forgotten(found, ids, settings, steps, desk.worker().sha256, desk.model.key, own, base)


def _score(trainer: Trainer, samples: Samples | None) -> Score | None:
    """How the weights that a trainer holds do; None where there is nothing to tell by."""
    if samples is None or not len(samples) or not trainer.contract.scored:
        return None
    return Score.of(evaluate(trainer, samples))


def _show(desk: Desk, found: Forgotten) -> None:
    one = found.unlearned
    verdict("Verified." if one.identical else "Not verified.", one.sentence, good=one.identical)
    rows = [
        ("Derived again, without it", f"`{one.digest}`"),
        ("Never shown it", f"`{one.never_shown}`"),
    ]
    if one.shown_digest:
        rows.insert(0, ("With it", f"`{one.shown_digest}`"))
    numbers(
        Number("Forgotten", f"{one.removed}", "training samples"),
        Number("Learnt from", f"{one.samples}", f"{found.steps} steps from the base", own=True),
    )
    pieces.table(("Weights", "SHA-256 of all variables"), rows)
    pieces.note(
        "Keeping it deletes the samples and puts these weights in place: two steps that undo can "
        "take back. Earlier checkpoints, which saw the samples, stay in the timeline until you "
        "delete them there."
    )
    st.button(
        f"Delete {count(len(found.sample_ids), 'sample')} and make this your model",
        key="forget_keep",
        on_click=_keep,
        args=(desk, found),
        disabled=desk.busy or found.model != desk.model.key or not _there(desk, found),
    )


def _there(desk: Desk, found: Forgotten) -> bool:
    present = {sample.id for sample in desk.workspace.manifest.samples}
    return set(found.sample_ids) <= present


def _keep(desk: Desk, found: Forgotten) -> None:
    with trouble.caught(_PLACE):
        meta = CheckpointMeta(
            model_sha256=found.model_sha256,
            step=found.steps,
            settings=found.settings.to_json(),
            seed=found.settings.seed,
            labels=desk.labels.names,
            note="derived again from the base",
        )
        gone = count(len(found.sample_ids), "sample")
        with desk.changing("forget the samples") as workspace:
            desk.keep(
                save_checkpoint(Checkpoint(found.unlearned.state, meta)),
                CheckpointInfo(
                    Kind.MANUAL,
                    found.steps,
                    found.unlearned.samples,
                    own=found.own,
                    base=found.base,
                    note=f"without {gone}, verified: {found.unlearned.digest[:12]}",
                ),
            )
            workspace.delete_samples(found.sample_ids)
        trouble.say(_PLACE, f"{gone} forgotten: this is your model now.", "info")
