"""The two charts of a run: loss, and how it does on the two test sets against the base model."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from odt_core.training.history import Score
from pages.ui.base_sets import base_test_of
from pages.ui.desk import BASE_TEST, Desk
from pages.ui.live_chart import Curve, level, live_chart
from pages.ui.run import Phase, Snapshot
from pages.ui.say import percent

if TYPE_CHECKING:
    from odt_core.evaluation import Evaluation

_POINTS = 600  # a curve; beyond, every second, fourth … step is drawn
_WAIT = "The curves grow here while your model trains."


def loss_chart(key: str, desk: Desk, snapshot: Snapshot | None, height: int) -> None:
    """The loss that the model reports, and the cross-entropy that we measure; nothing where there
    is neither.
    """
    if desk.why_unscored and not desk.reports_loss:
        return
    curves: list[Curve] = []
    if snapshot is not None:
        records = thinned(snapshot.records, snapshot.total)
        steps = [record.step for record in records]
        name, values = "cross-entropy", [record.cross_entropy for record in records]
        if not desk.tells_labels:
            name, values = "mean squared error", [r.mean_squared_error for r in records]
        measured = [(s, v) for s, v in zip(steps, values, strict=True) if v is not None]
        reported = [(r.step, r.loss) for r in records if r.loss == r.loss]
        alone = bool(desk.why_unscored)  # then the model's own figure is all there is
        if desk.reports_loss:
            curves.append(Curve("loss reported by the model", *_columns(reported), faint=not alone))
        if not alone:
            curves.append(Curve(name, *_columns(measured)))
    live_chart(
        key,
        curves,
        run=snapshot.id if snapshot else "",
        x_max=_steps(snapshot),
        x_title=_axis(snapshot),
        height=height,
        label=_said("Loss", curves),
        wait=_WAIT if not snapshot else "",
    )


def score_chart(
    key: str, desk: Desk, snapshot: Snapshot | None, height: int, *, large: bool = False
) -> None:
    """What the model is judged by on the person's test samples, the base model's level dashed: the
    share that is right, of labels, pixels or words, or two errors. large: for the back of a room.
    """
    scores = [e.test or e.base_test for e in snapshot.evaluations] if snapshot else []
    measured = [score for score in scores if score is not None]
    shares = desk.tells_labels or desk.contract.tells_places
    if measured:
        shares = measured[0].share_right is not None
    (_share_chart if shares else _error_chart)(key, desk, snapshot, height, large=large)


def _share_chart(
    key: str, desk: Desk, snapshot: Snapshot | None, height: int, *, large: bool
) -> None:
    """On the person's test samples and on the base test set; the base model's level on each, dashed
    on the former and dotted on the latter.
    """
    what, own, base = "Accuracy", "your test samples", "base model, yours"
    if not desk.tells_labels:
        what, own, base = "Right pixels or words", "right pixels or words", "base model"
    curves: list[Curve] = []
    x_max = _steps(snapshot)
    if snapshot is not None:
        tests = [(e.step, e.test.share_right) for e in snapshot.evaluations if e.test]
        bases = [(e.step, e.base_test.share_right) for e in snapshot.evaluations if e.base_test]
        own_level = _base_level(desk, desk.test_name(), [e.test for e in snapshot.evaluations])
        base_tests = [e.base_test for e in snapshot.evaluations]
        base_level = _base_level(desk, BASE_TEST, base_tests)
        curves = [
            Curve(own, *_columns(tests), marks="circle", hover="%{y:.1%}"),
            Curve("base test set", *_columns(bases), marks="square", faint=True, hover="%{y:.1%}"),
        ]
        if own_level is not None and own_level.share_right is not None:
            curves.append(level(base, own_level.share_right, x_max, hover="%{y:.1%}"))
        if base_level is not None and base_level.share_right is not None:
            name, share = "base model, base set", base_level.share_right
            curves.append(level(name, share, x_max, hover="%{y:.1%}", dash="dot"))
    lowest = min((min(curve.y) for curve in curves if len(curve.y)), default=0.0)
    live_chart(
        key,
        curves,
        run=snapshot.id if snapshot else "",
        x_max=x_max,
        x_title=_axis(snapshot),
        height=height,
        label=_said(what, curves, shares=True),
        percent=True,
        # In whole steps, so that the axis seldom moves, and no line ever leaves the chart.
        y_range=(max(0.0, math.floor(10 * lowest - 0.5) / 10) if lowest > 0.5 else 0.0, 1.015),
        large=large,
        wait=_nothing(snapshot, curves, what, base=base_test_of(desk.card) is not None),
    )


def _error_chart(
    key: str, desk: Desk, snapshot: Snapshot | None, height: int, *, large: bool
) -> None:
    """Mean squared error of a model of values on the person's test samples, the base's dashed."""
    curves: list[Curve] = []
    x_max = _steps(snapshot)
    if snapshot is not None:
        scores = [(e.step, e.test) for e in snapshot.evaluations if e.test]
        squared = [(step, score.mean_squared_error or 0.0) for step, score in scores]
        absolute = [(step, score.mean_absolute_error or 0.0) for step, score in scores]
        curves = [
            Curve("squared error", *_columns(squared), marks="circle"),
            Curve("absolute error", *_columns(absolute), marks="square", faint=True),
        ]
        own_level = _base_level(desk, desk.test_name(), [score for _, score in scores])
        if own_level is not None and own_level.mean_squared_error is not None:
            error = own_level.mean_squared_error
            curves.append(level("base model, squared", error, x_max, hover="%{y:.4g}"))
    live_chart(
        key,
        curves,
        run=snapshot.id if snapshot else "",
        x_max=x_max,
        x_title=_axis(snapshot),
        height=height,
        label=_said("On your test samples", curves),
        large=large,
        wait=_nothing(snapshot, curves, "Mean squared and absolute error"),
    )


def _base_level(desk: Desk, name: object, scores: Sequence[Score | None]) -> Evaluation | None:
    """Where the base model stands on the samples that a run was scored on: not on those of today,
    where a person has added or deleted some since.
    """
    measured = [score for score in scores if score is not None]
    return desk.base_level(name, measured[-1].n) if measured else None


def _nothing(
    snapshot: Snapshot | None, curves: Sequence[Curve], what: str, *, base: bool = False
) -> str:
    """What stands where a chart would be empty; "" where there is something to draw, or soon."""
    if snapshot is None:
        return f"{what} on your test samples{' and on the base test set' if base else ''}."
    if snapshot.phase.active or any(len(curve.y) for curve in curves):
        return ""
    if snapshot.phase is Phase.FAILED:
        return f"{what}: the run ended before the first measurement."
    if snapshot.evaluations and not any(e.test or e.base_test for e in snapshot.evaluations):
        return f"{what}: the model's answers were no finite numbers."
    return f"{what}: there were no test samples to measure it on."


def _steps(snapshot: Snapshot | None) -> float:
    """How far the axis goes: to the last planned step, or the last one made when it is over."""
    if snapshot is None:
        return 100.0
    over = not snapshot.phase.active and snapshot.step
    return float(over or snapshot.total or 100)


def _axis(snapshot: Snapshot | None) -> str:
    """Its title: checkpoints count the steps of earlier trainings too."""
    return "step of this training" if snapshot is not None and snapshot.earlier else "step"


def thinned(records: Sequence, total: int) -> Sequence:
    """Every n-th record, n fixed for the whole run: what was drawn never moves."""
    stride = 1
    while total / stride > _POINTS:
        stride *= 2
    return [record for record in records if record.step % stride == 0 or record.step == total]


def _columns(pairs: Sequence[tuple[float, float]]) -> tuple[list[float], list[float]]:
    """Five digits, a hundred times finer than a pixel: every tick sends the whole curves."""
    return [x for x, _ in pairs], [float(f"{y:.5g}") for _, y in pairs]


def _said(title: str, curves: Sequence[Curve], *, shares: bool = False) -> str:
    """The chart in words, for those who do not see it. shares: it is of shares, 0 to 1."""
    ends = [
        f"{curve.name} {percent(curve.y[-1]) if shares else format(curve.y[-1], '.3g')}"
        for curve in curves
        if len(curve.y)
    ]
    return f"{title}: " + (", ".join(ends) if ends else "nothing yet")
