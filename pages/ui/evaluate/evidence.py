"""The evidence bundle: one zip that lets anybody check what personalising did."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from odt_core.checkpoint import Checkpoint, load_checkpoint
from odt_core.errors import OdtError, SampleError
from odt_core.evaluation import Leakage, state_digest
from odt_core.evidence import (
    Beginning,
    Evidence,
    Judged,
    Studies,
    Unloaded,
    bundle,
    look_inside,
    study_all,
    trace,
)
from odt_core.samples import Samples
from odt_core.studies import StudyProgress, other_person
from odt_core.workspace import CheckpointEntry, Part
from pages.ui import kept_widgets, pieces
from pages.ui.base_sets import base_test_of, replay_of
from pages.ui.base_words import head_in_words
from pages.ui.desk import BASE_TEST, Desk
from pages.ui.desk.jobs import Job
from pages.ui.desk.kept_curves import kept_curves
from pages.ui.desk.worker import ModelFile
from pages.ui.downloads import file_name
from pages.ui.evaluate.blind import game_of
from pages.ui.evaluate.forget import was_proven
from pages.ui.evaluate.large import verdict
from pages.ui.evaluate.study import (
    CONTROLS,
    COST,
    NEEDED,
    about_training,
    study,
    trainer_of,
    why_not,
)
from pages.ui.say import size

if TYPE_CHECKING:
    from odt_core.worker import Worker

_FOUND = "Gain and price with intervals, calibration, unknown input, what changed inside"
_FOUND_NUMBERS = "Gain, and whether it may be chance; what changed inside"
_STUDIED = "Negative controls, samples needed, what training costs"
_WHOLE, _CHOSEN = "evidence_whole", "evidence_chosen"
_STUDY = 0.1, 0.75  # from where to where of the way the studies are


@dataclass(frozen=True)
class Bundle:
    """The zip, how the weights came about in words, and whether they can be computed again."""

    data: bytes
    origin: str
    repeatable: bool
    again: bool  # whether training once more gave the same weights, bit for bit
    reasons: tuple[str, ...]  # what was not studied
    name: str


def evidence(desk: Desk) -> None:
    """Draw the part."""
    with st.container(key="card_evidence", border=True, gap="small"):
        pieces.heading("Evidence bundle", "one zip; from the command line: odt_core report")
        kept_widgets.fill(_CHOSEN, "", {_WHOLE: True}, None)
        pieces.note("The zip will hold:")
        pieces.bullets(_inside(desk, whole=st.session_state[_WHOLE]))
        if head := head_in_words(desk.base_side, "in the bundle"):
            pieces.note(head)
        pieces.checks([(None, "Your samples are inside: give it to those who may see them")])
        head = desk.workspace.manifest.head
        ready = why_not(desk) if not desk.can_train else ""
        if desk.busy:
            ready = f"{desk.training_is}. When it has ended, make the bundle."
        elif head is None:
            ready = "Not trained yet: there is nothing to give evidence of."
        whole = st.toggle(
            "With the studies",
            key=_WHOLE,
            disabled=bool(ready),
            help="Negative controls, samples needed and cost: trains up to 23 times from the base "
            "model, in a process of its own. Studies that you have run already are taken over.",
        )
        kept_widgets.keep(_CHOSEN, [_WHOLE])
        study(
            desk,
            "the evidence bundle",
            "evidence",
            lambda job: _work(desk, job, whole=whole),
            _show,
            ready=ready,
            button="Make the bundle",
            about=(head, about_training(desk)),
        )


def _inside(desk: Desk, *, whole: bool) -> list[str]:
    return [
        "A card for people and for programs: model and sample digests, settings, seed, curves",
        _FOUND if desk.contract.classifies else _FOUND_NUMBERS,
        *([_STUDIED] if whole else []),
        "All charts as pictures and as one interactive page",
        "Your weights as a checkpoint and as a .tflite",
        "reproduce.py: trains again from the bundle alone and compares the weights bit by bit",
    ]


def _work(desk: Desk, job: Job, *, whole: bool) -> Bundle:
    manifest = desk.workspace.manifest
    head = manifest.head
    entry = manifest.checkpoint(head) if head else None
    if head is None or entry is None:
        raise OdtError("Your model is the base model still. Train it, then make the bundle.")
    job.progressed(0.02, "looking where the weights come from")
    file, labels = replace(desk.model_file(), card=desk.card), desk.labels
    loaded = load_checkpoint(desk.checkpoint_file(head))
    try:
        judges, left_out = desk.tests_to_judge_by()
    except SampleError as error:
        judges, left_out = desk.samples(Part.TEST).take(np.arange(0)), str(error)
    with _holding(loaded, file) as worker:
        found = _asked(desk, job, worker, file, entry, judges if left_out else None)
    studies = Studies(reasons=("Nothing was studied: it was not asked for.",))
    if whole:
        studies = _studies(desk, job, head, judges, left_out)
    studies = replace(studies, reasons=(*studies.reasons, *_left_in_the_dashboard(desk)))
    if job.stopped():
        raise OdtError("Stopped before it was packed.")
    job.progressed(0.8, "drawing charts, baking models, packing")
    with _holding(loaded, file) as worker:
        data = bundle(
            replace(found, studies=studies),
            lambda predicts: worker.bake(inference_only=predicts, labels=labels),
        )
    origin = found.origin
    return Bundle(
        data=data,
        origin=origin.sentence,
        repeatable=origin.beginning is not Beginning.UNKNOWN,
        again=studies.cost is not None and studies.cost.weights == state_digest(loaded.state),
        reasons=studies.reasons,
        name=file_name(file.name, f"step{entry.info.steps}-evidence.zip"),
    )


@contextlib.contextmanager
def _holding(checkpoint: Checkpoint, file: ModelFile) -> Iterator[Worker]:
    """A process of its own with these weights: whatever becomes of your model meanwhile, the
    evidence is of one.
    """
    from odt_core.worker import Worker

    with Worker.start(file.data, file.card, file.name, file.choice) as worker:
        worker.load_state(checkpoint.state)
        yield worker


def _asked(
    desk: Desk,
    job: Job,
    worker: Worker,
    file: ModelFile,
    entry: CheckpointEntry,
    judged_by: Samples | None,
) -> Evidence:
    """All that is known without a study. worker: holds the checkpoint. judged_by: as `look_inside`
    takes it.
    """
    samples, card = desk.samples(Part.TRAIN), desk.card
    replay, base_test = replay_of(card), base_test_of(card)
    data = desk.checkpoint_file(entry.id)
    origin = trace(
        load_checkpoint(data),
        samples,
        replay,
        others=_others(desk),
        base_state=None if worker.base_uninitialised else worker.state("base"),
    )
    job.progressed(0.06, "asking both models")
    name, tests, leak = _tests(desk, entry.id)
    return Evidence(
        model=file.data,
        card=card,
        checkpoint_file=data,
        samples=samples,
        origin=origin,
        test=_judged(desk, worker, tests, name, leak),
        base_test=_judged(desk, worker, base_test, BASE_TEST),
        replay=replay,
        choice=file.choice,
        curves=kept_curves(desk.workspace, entry.id),
        inside=look_inside(worker, desk.labels, samples, tests, base_test, judged_by=judged_by),
        contract=desk.contract,
        trained_on=entry.info.samples or None,
    )


def _tests(desk: Desk, checkpoint: str) -> tuple[object, Samples, Leakage | None]:
    """The person's test samples, what they are called, and which of them say nothing new of the
    checkpoint, of one moment.
    """
    while True:
        name, tests = desk.tests()
        leak = desk.trained_tests(checkpoint)
        if name == desk.test_name() and (leak is None or leak.n == len(tests.entries)):
            return name, tests.samples, leak  # else one was added, moved or deleted meanwhile


def _left_in_the_dashboard(desk: Desk) -> list[str]:
    """What was found on other parts of this page and is not in the bundle."""
    left = []
    if game_of(desk).rounds:
        left.append("The score of the blind test is not in this bundle.")
    if was_proven(desk):
        left.append(
            "The proof that samples were forgotten is not in this bundle: it is of a training of "
            "its own."
        )
    return left


def _others(desk: Desk) -> list[Unloaded]:
    """The readable checkpoints of this model, oldest first: all at once could fill the memory."""

    def load(checkpoint_id: str) -> Checkpoint:
        return load_checkpoint(desk.workspace.checkpoint_bytes(checkpoint_id))

    found = []
    for entry in desk.workspace.manifest.checkpoints:
        if entry.model == desk.model.key:
            with contextlib.suppress(OdtError):
                found.append(Unloaded(load(entry.id), partial(load, entry.id)))
    return found


def _judged(
    desk: Desk,
    worker: Worker,
    samples: Samples | None,
    name: object,
    leak: Leakage | None = None,
) -> Judged | None:
    if samples is None or not len(samples) or desk.why_unscored:
        return None
    scores = desk.scores_by_file(worker, samples, name)  # as reproduce.py counts again
    return Judged(samples, scores.base, scores.own, scores.labels, leak)


def _studies(desk: Desk, job: Job, head: str, test: Samples, left_out: str) -> Studies:
    """With the settings that the weights were trained with; those that were run with these settings
    on the Studies page are taken over.
    """
    settings, samples = desk.trained_with(head), desk.samples(Part.TRAIN)
    known = Studies()
    if settings == desk.trained_with():
        about = about_training(desk)
        known = Studies(
            desk.result_of(COST, about),
            desk.result_of(CONTROLS, about),
            desk.result_of(NEEDED, about),
        )

    def told(now: StudyProgress) -> None:
        low, high = _STUDY
        job.progressed(low + now.share * (high - low), now.doing)

    with trainer_of(desk) as trainer:
        return study_all(
            trainer,
            samples,
            test,
            settings,
            others=other_person(desk.card, desk.labels, samples) if desk.tells_labels else None,
            replay=replay_of(desk.card) if settings.replay else None,
            base_test=base_test_of(desk.card),
            asked=desk.whole_inputs(),
            known=known,
            left_out=left_out,
            progress=told,
            stopped=job.stopped,
        )


def _show(made: Bundle) -> None:
    lead = "Ready." if made.repeatable else "Ready, with a gap."
    verdict(lead, f"{size(len(made.data))}. {made.origin}", good=made.repeatable)
    if made.again:
        pieces.note(
            "While the cost was measured, a process of its own trained once more from the base "
            "model: its weights are identical to yours, bit for bit."
        )
    for reason in made.reasons:
        pieces.note(reason)
    pieces.note("The bundle itself is not kept in your workspace: download it.")
    st.download_button(
        "Download the evidence",
        made.data,
        file_name=made.name,
        mime="application/zip",
        key="evidence_get",
        on_click="ignore",
        type="primary",
    )
