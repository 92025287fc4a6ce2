"""Card 2: settings, Train, Pause, Stop, and the curves while they grow."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from odt_core.bundled import ModelCard
from odt_core.errors import SettingsError
from odt_core.training.settings import Settings
from odt_core.workspace import Part
from pages.ui import kept_widgets, pieces, trouble
from pages.ui.curves import loss_chart, score_chart
from pages.ui.desk import Desk
from pages.ui.desk.after_runs import Stale
from pages.ui.heard import heard
from pages.ui.lost_run import lost_run
from pages.ui.pace import tick
from pages.ui.run import Phase, Snapshot
from pages.ui.say import count, labels_in_words, plain, span
from pages.ui.turns import Urgency, fragment
from pages.ui.unsaved_end import unsaved_end

_SETTINGS = "settings_kept"
_HINT = "settings_hint"  # what was said when what stands below them was drawn
_HEIGHT = 200
_EMPTY = "A setting is empty. Fill it in, then press Train."


def train_card(desk: Desk, was_busy: bool) -> None:
    """Draw the card. was_busy: whether a run was active when the page began to be drawn."""
    with st.container(key="card_train", border=True, gap="small"):
        if not desk.can_train:
            pieces.step(2, "Train")
            pieces.note("This model cannot be trained here.")
            st.page_link("pages/model.py", label="Why, and what it can do")
            return
        near = desk.near_test_known() or {}
        pieces.step(2, "Train", _aside(desk, near), _kept_out(len(near)) if near else "")
        st.session_state.pop(_HINT, None)
        fragment(_settings, Urgency.CLICK)(desk, was_busy, _steps(desk))
        _buttons(desk)
        trouble.show_said("train")
        if not unsaved_end(desk):
            _interrupted(desk)
        pace = tick() if was_busy else None
        fragment(_live, Urgency.TICK, pace)(desk, pace, desk.paused)


def _aside(desk: Desk, near: Mapping[str, str]) -> str:
    train = sum(sample.id not in near for sample in desk.usable_samples(Part.TRAIN))
    out = f" · {len(near):,} kept out" if near else ""
    return f"{count(train, 'sample')} to learn from{out}"


def _kept_out(near: int) -> str:
    """Training samples that would give a test sample's answer away are not trained on."""
    what = "1 sample is nearly the same as a test sample, so it is"
    if near > 1:
        what = f"{near:,} samples are nearly the same as test samples, so they are"
    return f"{what} not trained on. Evaluate, Test samples, shows the pairs."


# Settings


@trouble.shown()
def _settings(desk: Desk, was_busy: bool, steps: object) -> None:
    """A fragment: nothing else on the page depends on them before Train is pressed, but for what
    the line below the buttons asks for, and what Undo takes back. was_busy: as of `train_card`;
    steps: `_steps` as the page shows them.
    """
    saved = _saved(desk)
    replays = desk.card.replay is not None
    values = _values(Settings.from_json(saved))
    kept_widgets.fill(_SETTINGS, desk.model.key, values, (saved, replays))
    busy = desk.busy
    if busy != was_busy or steps != _steps(desk):  # by another tab, or a setting that was changed
        st.rerun()
    kept: dict[str, Any] = {"on_change": _changed, "args": (desk, tuple(values))}
    fixed, own_rate = not desk.sets_learning_rate, _has_own_rate(desk.card)
    # Without limits: the browser would keep a number beyond them to itself, and the one before it
    # would be trained with.
    with st.container(key="settings"):
        a, b, c = st.columns(3, gap="small")
        a.number_input(
            "Epochs",
            step=5,
            key="set_epochs",
            disabled=busy,
            help="How many times training goes through your samples.",
            **kept,
        )
        b.number_input(
            "Batch size",
            step=8,
            key="set_batch_size",
            disabled=busy,
            help="Samples a step, yours and replayed ones together.",
            **kept,
        )
        c.number_input(
            "Learning rate",
            value=None if own_rate else "min",  # when emptied, too
            format="%.4g",
            step=0.005,
            disabled=busy or fixed,
            key="set_learning_rate",
            placeholder="its own",
            help="How far each step goes."
            + (" This model's own rate is part of the file." if fixed else ""),
            **kept,
        )
        if replays:
            d, e = st.columns([2, 1], gap="small")
            d.slider(
                "Base samples replayed",
                0,
                95,
                step=5,
                format="%d %%",
                key="set_replay",
                disabled=busy,
                help="How much of each batch comes from the base model's own training data: at "
                "least this share, more while your samples show few labels, none at 0 %. Guards "
                "against forgetting what the base model knew.",
                **kept,
            )
        else:  # an uploaded model comes without data of its own
            e = st.columns(3, gap="small")[0]
        e.text_input(  # a field of numbers keeps those beyond 2**53 to itself
            "Seed",
            key="set_seed",
            max_chars=40,
            disabled=busy,
            help="Same samples, settings and seed: the same weights, bit for bit.",
            **kept,
        )
    kept_widgets.keep(_SETTINGS, values)
    wrong = None
    try:
        other_size = desk.why_other_size(_chosen(desk))
        if other_size:
            pieces.note(other_size)
    except SettingsError as error:
        wrong = error
    if _HINT in st.session_state and st.session_state[_HINT] != _hint(desk):
        st.rerun()
    if wrong is not None:
        raise wrong  # said here


def _values(settings: Settings) -> dict[str, Any]:
    """What the widgets say of settings."""
    return {
        "set_epochs": settings.epochs,
        "set_batch_size": settings.batch_size,
        "set_learning_rate": settings.learning_rate,
        "set_replay": round(settings.replay * 100),
        "set_seed": str(settings.seed),
    }


def _changed(desk: Desk, keys: tuple[str, ...]) -> None:
    """Keep what the widgets say: in the workspace, for a page loaded anew, as soon as all fit."""
    kept_widgets.keep(_SETTINGS, keys)
    settings = _fitting(desk)
    with trouble.caught("train"):
        if settings is not None and settings != desk.settings:
            with desk.changing("change the settings") as workspace:
                workspace.set_settings(settings.to_json())


def _steps(desk: Desk) -> object:
    return desk.workspace.undo_step, desk.workspace.redo_step


def _saved(desk: Desk) -> dict[str, Any]:
    return {**desk.card.settings, **desk.workspace.manifest.settings}


def _chosen(desk: Desk) -> Settings:
    """The settings of the widgets over the saved ones; SettingsError when one is out of range."""
    saved, widgets = _saved(desk), st.session_state
    try:
        changed: dict[str, Any] = {
            "epochs": int(widgets["set_epochs"]),
            "batch_size": int(widgets["set_batch_size"]),
            "learning_rate": _rate(desk.card, widgets["set_learning_rate"]),
        }
        seed = str(widgets["set_seed"]).strip()
    except (TypeError, ValueError, KeyError) as error:
        raise SettingsError(_EMPTY) from error
    changed["seed"] = _seed(seed)
    replay = widgets.get("set_replay", None)
    # The slider shows whole percents, and only where there is something to replay.
    if replay is not None and round(float(saved.get("replay", -1)) * 100) != replay:
        changed["replay"] = replay / 100
    return Settings.from_json({**saved, **changed})


def _fitting(desk: Desk) -> Settings | None:
    """The settings of the widgets; None where one is out of range."""
    try:
        return _chosen(desk)
    except SettingsError:
        return None


def _hint(desk: Desk) -> str:
    """What to do before there is a run."""
    settings = _fitting(desk)
    if settings is None:
        return "Correct the settings, then press Train."
    if desk.missing:
        return desk.missing
    if settings == Settings.from_json(desk.card.settings):
        return "Press Train. The settings are good as they are."
    return "Press Train."


def _seed(text: str) -> int:
    if not text:
        raise SettingsError(_EMPTY)
    try:
        return int(text)
    except ValueError:
        raise SettingsError(
            f"The seed must be a whole number, not '{text}'. Type digits alone, such as 7."
        ) from None


def _rate(card: ModelCard, value: float | None) -> float | None:
    """None: the model's own rate, where its card proposes that."""
    return None if value is None and _has_own_rate(card) else float(value)


def _has_own_rate(card: ModelCard) -> bool:
    return card.settings.get("learning_rate", 0) is None


# Buttons


def _buttons(desk: Desk) -> None:
    phase = desk.run.phase if desk.run else None
    busy, paused = desk.busy, phase is Phase.PAUSED
    with st.container(key="train_buttons", horizontal=True, gap="small"):
        st.button(
            "Train",
            key="train",
            # While there is a question to answer, its answer comes first.
            type="secondary" if desk.lost_run() or desk.unsaved_end else "primary",
            disabled=busy or bool(desk.missing),
            on_click=_train,
            args=(desk,),
            width="stretch",
        )
        st.button(
            "Resume" if paused else "Pause",
            key="pause",
            on_click=_pause,
            args=(desk,),
            disabled=not busy or phase is Phase.STOPPING,
        )
        st.button(
            "Stop",
            key="stop",
            on_click=_stop,
            args=(desk,),
            width=80,
            disabled=not busy or phase is Phase.STOPPING,
        )


def _train(desk: Desk) -> None:
    with trouble.caught("train"):
        settings = _fitting(desk)
        if settings is not None:  # else the settings say why
            desk.train(settings)


def _pause(desk: Desk) -> None:
    with trouble.caught("train"):
        if desk.run and desk.run.phase is Phase.PAUSED:
            desk.resume()
        else:
            desk.pause()


def _stop(desk: Desk) -> None:
    with trouble.caught("train"):
        desk.stop()


def _interrupted(desk: Desk) -> None:
    """A run that a restart, or the end of its process, cut short can go on from its last save."""
    found = None if desk.busy else desk.interrupted()
    if found is None:
        return
    run_id, checkpoint_id = found
    entry = desk.workspace.manifest.checkpoint(checkpoint_id)
    assert entry is not None
    with st.container(key="interrupted", horizontal=True, vertical_alignment="center"):
        step, in_all = entry.info.step, entry.info.steps
        saved = f"Step {step:,}" + (f", {in_all:,} in all," if in_all > step else "")
        saved = saved if step else f"Step {in_all:,}, where it began,"
        pieces.note(f"Training was interrupted. {saved} is saved.")
        st.button("Go on from there", key="go_on", on_click=_go_on, args=(desk, checkpoint_id))
        st.button("Dismiss", key="dismiss", on_click=_dismiss, args=(desk, run_id))


def _go_on(desk: Desk, checkpoint_id: str) -> None:
    with trouble.caught("train"):
        desk.go_on(checkpoint_id)


def _dismiss(desk: Desk, run_id: str) -> None:
    with trouble.caught("train"):
        desk.dismiss_interrupted(run_id)


# While it runs


def _live(desk: Desk, pace: float | None, paused: bool) -> None:
    """Progress and curves; ticks while a run is active, and reruns the page once when it ends."""
    # Over, too fast by now, or paused by another tab: more of the page than this tells that.
    if pace is not None and (not desk.busy or tick() >= 2 * pace or desk.paused != paused):
        st.rerun()
    snapshot = desk.shown_run()
    with trouble.shown():
        place = st.container(key="train_progress")
        with place:
            _progress(desk, snapshot)
        result = _result(desk, snapshot)
        with place:
            heard(snapshot, result)
        lost_run(desk, "train")
        loss_chart("loss", desk, snapshot, _HEIGHT)
        if desk.why_unscored:
            pieces.note(desk.why_unwatched)
        else:
            score_chart("accuracy" if desk.tells_labels else "error", desk, snapshot, _HEIGHT)


def _result(desk: Desk, snapshot: Snapshot | None) -> str:
    """Draw what comes of the training, and return it as soon as it is known; "" before."""
    busy, tests = desk.busy, desk.tests_judged()
    if not tests or desk.why_unscored or not (busy or desk.workspace.manifest.head):
        return ""
    # not before there is something to compare
    from pages.ui.result_line import result_in_words, result_line, result_so_far

    result = None if busy else desk.result()
    if desk.lost_run() is None:  # else that says it, and asks what to do
        if result is not None:
            result_line(result)
        else:
            own = snapshot.evaluations[-1].test if snapshot and snapshot.evaluations else None
            base = desk.base_level(desk.test_name(), own.n if own else tests)
            if own and base is None and own.n != tests:
                own = None  # of other test samples
            result_so_far(base, own, over=not busy)
    return result_in_words(result) if result is not None else ""


def stale_in_words(stale: Stale) -> str:
    """What your model does not know yet, and what to do; "" when it knows all."""
    if not stale:
        return ""
    told = []
    if stale.added:
        new = count(stale.added, "sample")
        if stale.labels:
            word = "label" if len(stale.labels) == 1 else "labels"
            new += f", the {word} {labels_in_words(stale.labels)} among them,"
        told.append(f"{new} {'is' if stale.added == 1 else 'are'} newer than your model")
    for left, how in ((stale.gone, "gone or changed"), (stale.off, "of a disabled label")):
        if left:
            are = "is" if left == 1 else "are"
            told.append(f"{count(left, 'sample')} that it learnt from {are} {how}")
    # Training on does not take back what was learnt; training from the base model does.
    all_left = stale.gone + stale.off
    those = "it" if all_left == 1 else "them"
    again = f"Reset to base, then train: that leaves {those} out."
    return f"{'; '.join(told)}. {again if all_left else 'Train again.'}"


def pace_in_words(rate: float) -> str:
    """ "12 steps a second", or "2.5 s a step" where there is not one a second. rate: above 0."""
    steps = round(rate)
    return f"{count(steps, 'step')} a second" if steps else f"{span(1 / rate)} a step"


def _ended(desk: Desk, snapshot: Snapshot) -> str:
    """What the run says of itself, with the steps that your model has where it had some before."""
    entry, message = desk.workspace.manifest.head_entry, snapshot.message
    if entry is None or not message or not snapshot.earlier:
        return message
    return f"{message} Your model has {count(entry.info.steps, 'step')} in all."


def _progress(desk: Desk, snapshot: Snapshot | None) -> None:
    stale = stale_in_words(desk.stale())
    if snapshot is None:
        st.session_state[_HINT] = hint = _hint(desk)
        st.progress(0.0, text=plain(stale or hint))
        return
    steps = "Getting ready"
    if snapshot.total:
        steps = f"Step {snapshot.step:,} of {snapshot.total:,}{snapshot.steps_in_all}"
    if snapshot.phase is Phase.PAUSED:
        said = f"{steps} · paused"
    elif snapshot.phase is Phase.STOPPING:
        said = f"{steps} · stopping"
    elif snapshot.waiting and snapshot.phase.active:
        said = f"{steps} · waiting for a free core"
    elif snapshot.phase.active:
        left = snapshot.seconds_left
        said = steps + (
            f" · {span(left)} left · {pace_in_words(snapshot.rate)}" if left is not None else ""
        )
    elif snapshot.phase is Phase.FAILED:
        said = steps if snapshot.step == snapshot.total else f"{steps} · ended early"
        if not snapshot.total:
            said = "Ended before its first step"
    else:
        said = plain(stale or _ended(desk, snapshot) or steps)
    st.progress(snapshot.share, text=said)
    if snapshot.phase is Phase.FAILED:
        st.error(plain(snapshot.message))
    elif snapshot.phase.active and snapshot.why_unsaved:
        st.warning(plain(_unsaved(snapshot)))


def _unsaved(snapshot: Snapshot) -> str:
    """What is lost if the server ends now, while saving fails."""
    last = f"Saved last: step {snapshot.saved:,}." if snapshot.saved else "None of it is saved yet."
    return f"Training is not being saved just now. {snapshot.why_unsaved} {last}"
