"""What training costs here, measured: time, memory, network and disk."""

from __future__ import annotations

import streamlit as st

from odt_core.studies import Cost, measure_cost
from odt_core.words import measured
from odt_core.workspace import Part
from pages.ui import pieces
from pages.ui.base_sets import replay_of
from pages.ui.desk import Desk
from pages.ui.desk.jobs import Job
from pages.ui.evaluate.large import Number, numbers, verdict
from pages.ui.evaluate.study import (
    COST,
    about_training,
    study,
    trainer_of,
    why_not,
    with_settings,
)
from pages.ui.say import size


def cost_card(desk: Desk) -> None:
    """Draw the card."""
    with st.container(key="card_cost", border=True, gap="small"):
        pieces.heading("What does it cost here?", "measured on this machine")
        pieces.note(f"Trains once from the base model. {with_settings(desk)}")
        study(
            desk,
            COST,
            "cost",
            lambda job: _work(desk, job),
            _show,
            ready=why_not(desk, judged=False),
            button="Measure",
            about=about_training(desk),
        )


def _work(desk: Desk, job: Job) -> Cost:
    settings = desk.trained_with()
    with trainer_of(desk) as trainer:
        return measure_cost(
            trainer,
            desk.samples(Part.TRAIN),
            settings,
            replay=replay_of(desk.card) if settings.replay else None,
            asked=desk.whole_inputs(),
            progress=lambda share: job.progressed(share, "training once from the base model"),
            stopped=job.stopped,
        )


def _show(cost: Cost) -> None:
    sent = cost.network.bytes_sent
    numbers(
        Number(
            "A step",
            f"{measured(cost.step_ms, 1)} ms",
            f"median of {cost.steps:,}, {cost.batch_size} samples each; "
            f"{measured(cost.seconds)} s in all",
        ),
        Number(
            "An answer",
            "–" if cost.inference_ms is None else f"{measured(cost.inference_ms, 1)} ms",
            f"median of {cost.inferences}",
        ),
        Number(
            "Memory",
            "–" if cost.peak_memory is None else size(cost.peak_memory),
            "at most, of the process that trains",
        ),
        Number("Sent", "?" if sent is None else f"{sent} bytes", "over the network", own=True),
        Number("A checkpoint", size(cost.checkpoint_bytes), "on disk"),
    )
    verdict("", cost.network.sentence)
