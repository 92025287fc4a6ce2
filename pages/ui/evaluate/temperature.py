"""A temperature fitted on request, and used for your model's confidences when you say so."""

from __future__ import annotations

import streamlit as st

from odt_core.checkpoint import Tempering
from odt_core.evaluation import Temperature, fit_temperature
from odt_core.samples import Samples
from odt_core.studies.judging import left_to_judge
from odt_core.workspace import Part
from pages.ui import pieces, trouble
from pages.ui.desk import Desk
from pages.ui.evaluate.judged import Judged
from pages.ui.evaluate.large import verdict
from pages.ui.say import off_by, plain

_FITTED = "temperature_fitted"  # (what it was fitted to, the result for each model)
_SAID = "temperature"


def temperature_card(desk: Desk, one: Judged) -> None:
    """Draw the card."""
    with st.container(key="card_temperature", border=True, gap="small"), trouble.shown():
        pieces.heading("Temperature", "one number that makes confidences honest")
        used = desk.temperature
        if used:
            verdict(
                f"{used.value:.2f} in use.",
                f"Fitted to n = {used.n:,}: {used.on}. Your model's scores are divided by it "
                "wherever its confidences are shown; no answer changes.",
            )
        about = (desk.model, desk.workspace.manifest.head, one.key)
        found: dict[str, Temperature] = _known(about)
        with st.container(horizontal=True):
            if st.button("Fit a temperature", key="fit_temperature", disabled=desk.busy):
                samples = _to_fit_to(desk, one)
                found = {"Your model": _fit(desk, one, samples, own=True)}
                if desk.base_side is None:  # else its confidences are not those of the scores
                    found = {"Base model": _fit(desk, one, samples, own=False), **found}
                st.session_state[_FITTED] = (about, found)
            _use(desk, one, found.get("Your model"), used)
            if used:
                st.button(
                    "Stop using it",
                    key="stop_temperature",
                    on_click=_set,
                    args=(desk, None),
                    disabled=desk.busy,
                )
        trouble.show_said(_SAID)
        if not found:
            pieces.note(
                "Divides the scores by one number, fitted to the samples chosen above. It changes "
                "no answer, only how sure it is, and only where you say so."
            )
            return
        _result(found)
        _why_not(desk, found["Your model"])


def _known(about: object) -> dict[str, Temperature]:
    seen, found = st.session_state.get(_FITTED, (None, {}))
    return found if seen == about else {}


def _use(desk: Desk, one: Judged, fitted: Temperature | None, used: Tempering | None) -> None:
    if fitted is None or not fitted.n or fitted.at_limit:
        return
    wanted = Tempering(round(fitted.value, 4), fitted.n, one.name.lower())
    if wanted == used:
        return
    st.button(
        f"Use {plain(f'{wanted.value:.2f}')} for your model",
        key="use_temperature",
        type="primary",
        on_click=_set,
        args=(desk, wanted),
        disabled=desk.busy or desk.workspace.manifest.head is None,
        help="On the Try card, in the galleries and on this page. Checkpoints that you download "
        "carry it. Undo takes it back.",
    )


def _set(desk: Desk, wanted: Tempering | None) -> None:
    with trouble.caught(_SAID):
        desk.use_temperature(wanted)


def _result(found: dict[str, Temperature]) -> None:
    for name, fitted in found.items():
        verdict("", f"{name}: {fitted.sentence}")
    pieces.table(
        ("", "Temperature", "ECE before", "ECE after", "−ln p before", "−ln p after", "n"),
        [
            (
                name,
                f"{fitted.value:.2f}" if fitted.after else "–",
                off_by(fitted.before.ece, "%"),
                off_by(fitted.after.ece, "%") if fitted.after else "–",
                f"{fitted.before.nll:.3f}",
                f"{fitted.after.nll:.3f}" if fitted.after else "–",
                f"{fitted.n:,}",
            )
            for name, fitted in found.items()
        ],
    )
    told = "ECE: expected calibration error. −ln p: mean cross-entropy."
    usable = [fitted for fitted in found.values() if fitted.after]
    if usable and all(fitted.held_out for fitted in usable):
        told += " After: each sample is judged with the temperature of the other four fifths."
    elif usable:
        told += (
            " After: so few samples that they are judged with the temperature fitted to them, "
            "which looks too good."
        )
    pieces.note(told)


def _why_not(desk: Desk, fitted: Temperature) -> None:
    if desk.workspace.manifest.head is None:
        pieces.note("Train first: a temperature is used for your model, and there is none yet.")
    elif fitted.at_limit:
        pieces.note("No temperature to use from these samples. Choose the other ones above.")
    else:
        pieces.note(
            "It fits your model as it is now; fit it again after more training. A downloaded "
            ".tflite gives undivided scores: divide them by it there."
        )


def _to_fit_to(desk: Desk, one: Judged) -> Samples:
    """Each once, and of the person's test samples, as in an evidence bundle, those that were not
    trained on. SampleError where none is left.
    """
    if not one.entries:
        return one.samples.take(one.own.judged)
    tests, _ = desk.tests_to_judge_by()
    return left_to_judge(desk.samples(Part.TRAIN), tests, desk.card)[0]


def _fit(desk: Desk, one: Judged, samples: Samples, *, own: bool) -> Temperature:
    scores, kind = desk.raw_scores(samples.x, own=own)
    labels = one.labels if own else samples.labels
    return fit_temperature(scores, samples.y, kind, used=labels.used)
