"""The evidence bundle: one zip that lets anybody check what personalising did."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass

import streamlit as st

from odt_core.checkpoint import Checkpoint, load_checkpoint
from odt_core.errors import OdtError
from odt_core.evaluation import Cost as Measured
from odt_core.evaluation import measure_cost
from odt_core.evidence import Cost, Curves, Judged, bundle, trace
from odt_core.samples import Samples
from odt_core.workspace import Part
from pages.ui import pieces
from pages.ui.base_sets import base_test_of, replay_of
from pages.ui.desk import BASE_TEST, Desk
from pages.ui.downloads import file_name
from pages.ui.evaluate.background import Job
from pages.ui.evaluate.large import verdict
from pages.ui.evaluate.study import about_training, settings_of, study, trainer_of, why_not
from pages.ui.say import size

_INSIDE = (
    (True, "A card for people and for programs: model and sample digests, settings, seed, figures"),
    (True, "All charts as pictures and as one interactive page"),
    (True, "Your weights as a checkpoint and as a .tflite"),
    (True, "reproduce.py: trains again from the bundle alone and compares the weights bit by bit"),
    (None, "Your samples are inside: give it to those who may see them"),
)


@dataclass(frozen=True)
class Bundle:
    """The zip, and how the weights came about in words."""

    data: bytes
    origin: str
    name: str


def evidence(desk: Desk) -> None:
    """Draw the part."""
    with st.container(key="card_evidence", border=True, gap="small"):
        pieces.heading("Evidence bundle", "one zip; from the command line: odt_core report")
        pieces.checks(_INSIDE)
        head = desk.workspace.manifest.head
        ready = why_not(desk) if not desk.can_train else ""
        if head is None:
            ready = "Not trained yet: there is nothing to give evidence of."
        elif desk.busy:
            ready = "Training is running. When it has ended, make the bundle."
        study(
            desk,
            "the evidence bundle",
            "evidence",
            lambda job: _work(desk, job),
            _show,
            ready=ready,
            button="Make the bundle",
            about=(head, about_training(desk)),
        )


def _work(desk: Desk, job: Job) -> Bundle:
    manifest = desk.workspace.manifest
    head = manifest.head
    entry = manifest.checkpoint(head) if head else None
    if head is None or entry is None:
        raise OdtError("Your model is the base model still. Train it, then make the bundle.")
    samples, replay = desk.samples(Part.TRAIN), replay_of(desk.card)
    job.progressed(0.05, "looking where the weights come from")
    checkpoint = desk.checkpoint_file(head)
    loaded = load_checkpoint(checkpoint)
    worker = desk.worker()
    origin = trace(
        loaded,
        samples,
        replay,
        others=_others(desk),
        base_state=worker.state("base"),
    )
    job.progressed(0.15, "measuring what training costs here")
    cost = _cost(desk, job, samples) if len(samples) > 1 else None
    job.progressed(0.5, "asking both models")
    test = _judged(desk, desk.samples(Part.TEST), desk.test_name())
    base_test = _judged(desk, base_test_of(desk.card), BASE_TEST)
    job.progressed(0.6, "drawing charts, baking models, packing")
    file = desk.model_file()
    data = bundle(
        model=file.data,
        card=desk.card,
        checkpoint=checkpoint,
        samples=samples,
        origin=origin,
        bake=lambda predicts: desk.bake(inference_only=predicts),
        test=test,
        base_test=base_test,
        replay=replay,
        choice=file.choice,
        curves=_curves(desk, head),
        cost=cost,
        loss_name=desk.contract.loss_note,
    )
    name = file_name(desk.model.name.removesuffix(".tflite"), f"step{entry.info.step}-evidence.zip")
    return Bundle(data, origin.sentence, name)


def _others(desk: Desk) -> list[Checkpoint]:
    """The readable checkpoints of this model, oldest first."""
    found = []
    for entry in desk.workspace.manifest.checkpoints:
        if entry.model == desk.model.key:
            with contextlib.suppress(OdtError):
                found.append(load_checkpoint(desk.workspace.checkpoint_bytes(entry.id)))
    return found


def _judged(desk: Desk, samples: Samples | None, name: object) -> Judged | None:
    if samples is None or not len(samples) or not desk.can_predict:
        return None
    scores = desk.scores(samples, name, by_file=True)  # as reproduce.py counts again
    return Judged(samples, scores.base, scores.own)


def _curves(desk: Desk, head: str) -> Curves | None:
    """Of the run that made the head, while this process remembers it."""
    run = desk.run
    records = desk.workspace.run_records(run.id) if run else []
    if run is None or not any(record.get("checkpoint") == head for record in records):
        return None
    seen = run.snapshot()
    return Curves(seen.records, seen.evaluations, seen.phase.value, seen.message)


def _cost(desk: Desk, job: Job, samples: Samples) -> Cost | None:
    settings = settings_of(desk)
    with trainer_of(desk) as trainer:
        found: Measured = measure_cost(
            trainer,
            samples,
            settings,
            replay=replay_of(desk.card) if settings.replay else None,
            stopped=job.stopped,
        )
    return Cost(
        step_ms=found.step_ms,
        steps=found.steps,
        inference_ms=found.inference_ms,
        inferences=found.inferences,
        peak_memory_bytes=found.peak_memory,
        network_bytes=found.network.bytes_sent,
        network_how=found.network.sentence,
        checkpoint_bytes=found.checkpoint_bytes,
    )


def _show(made: Bundle) -> None:
    verdict("Ready.", f"{size(len(made.data))}. {made.origin}")
    st.download_button(
        "Download the evidence",
        made.data,
        file_name=made.name,
        mime="application/zip",
        key="evidence_get",
        on_click="ignore",
        type="primary",
    )
