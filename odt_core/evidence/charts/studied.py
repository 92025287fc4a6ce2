"""Charts of the studies and of what changed inside."""

from __future__ import annotations

import math

from odt_core.evaluation import Comparison
from odt_core.evaluation.layers import LayerChange, most_moved
from odt_core.evidence.charts import look
from odt_core.evidence.charts.intervals import Group, Intervals, Value
from odt_core.evidence.charts.lines import Line, Lines
from odt_core.evidence.charts.map_chart import MapChart
from odt_core.evidence.charts.types import Chart, Role
from odt_core.evidence.inside import Inside
from odt_core.evidence.studies import Studies
from odt_core.studies import Controls, SamplesNeeded
from odt_core.words import percent

_LAYERS = 30


def study_charts(studies: Studies) -> list[Chart]:
    """Of what was studied."""
    charts: list[Chart] = []
    if studies.controls is not None:
        charts.append(_controls(studies.controls))
    if studies.needed is not None:
        charts.append(_needed(studies.needed))
    return charts


def inside_charts(inside: Inside) -> list[Chart]:
    """Layers and map, where they are known."""
    charts: list[Chart] = [_layers(inside)] if inside.layers else []
    if inside.map is not None:
        charts.append(_map(inside))
    return charts


def _controls(controls: Controls) -> Intervals:
    quantity = controls.own.quantity
    what = quantity.taught.capitalize()
    rows = [("Your samples", Role.OWN, controls.own)]
    rows += [
        (f"{what}s shuffled {k + 1}", Role.BASE, one) for k, one in enumerate(controls.shuffled)
    ]
    if controls.other_person is not None:
        part = ", in part" if controls.shared else ""
        rows.append((f"Another person's{part}", Role.BASE, controls.other_person))
    return Intervals(
        name="controls",
        title="Is the gain real? Negative controls",
        note="By what the model was trained on. " + controls.sentence,
        groups=tuple(Group(name, (_gain(role, one),)) for name, role, one in rows),
        x_title=f"{quantity.gain_title}, 95 % interval",
        percent=False,
        legend=False,
    )


def _gain(role: Role, one: Comparison) -> Value:
    scale, figures = one.quantity.scale, one.quantity.figures
    told = f"n = {one.n:,}"
    if one.interval:
        told += "; " + " to ".join(map(figures, one.interval))
    ends = [scale * end for end in one.interval or ()]
    return Value(role, scale * one.gain, f"{figures(one.gain)}  ({told})", *ends)


def _needed(needed: SamplesNeeded) -> Lines:
    points = needed.points
    percent, of_each = needed.quantity.is_share, needed.quantity.of_each
    x = [float(point.samples) for point in points]
    own = [point.own for point in points]
    names = ["all" if point.per_label is None else str(point.per_label) for point in points]
    said = ["the base model", *(f"{name}{of_each}" for name in names[1:])]
    counts = [", ".join(names[1:-1]), names[-1]]
    ends = (0.0, x[-1])
    lines = [
        Line(
            "95 % interval",
            x,
            [_finite(one.interval[0]) for one in own],
            Role.OWN,
            faint=True,
            dash=True,
        ),
        Line("", x, [_finite(one.interval[1]) for one in own], Role.OWN, faint=True, dash=True),
        Line("base model", ends, (own[0].mean,) * 2, Role.BASE, dash=True),
        Line(
            f"your test samples (n = {own[0].n:,})",
            x,
            [one.mean for one in own],
            Role.OWN,
            said=said,
        ),
    ]
    tasks = [point.base_test for point in points if point.base_test is not None]
    if len(tasks) == len(points) and percent:
        name = f"base test set (n = {tasks[0].n:,})"
        y = [one.mean for one in tasks]
        lines.append(Line(name, x, y, Role.OWN, faint=True, square=True, said=said))
    lowest = min(value for line in lines for value in line.y if math.isfinite(value))
    return Lines(
        name="samples-needed",
        title="How many samples does it take?",
        note=f"Trained on {' and '.join(filter(None, counts))}{of_each}. {needed.sentence}",
        x_title="training samples in all",
        y_title=needed.quantity.value,
        lines=tuple(lines),
        percent=percent,
        y_range=(max(0.0, math.floor(lowest * 10 - 0.1) / 10), 1.01) if percent else None,
    )


def _finite(value: float) -> float:
    return value if math.isfinite(value) else math.nan


def _layers(inside: Inside) -> Intervals:
    shown = most_moved(inside.layers, _LAYERS)
    still = sum(not layer.moved for layer in inside.layers)
    relative = not any(layer.from_zero for layer in inside.layers)
    measure = (
        "Relative weight change, |own − base| / |base|, in percent. "
        if relative
        else "Weight change, |own − base|; a layer that began at zero has no relative one. "
    )
    return Intervals(
        name="layers",
        title="Which layers moved",
        note=measure
        + (
            f"{still} of {len(inside.layers)} layers did not move."
            if still
            else "Every layer moved."
        ),
        groups=tuple(
            Group(layer.name, (_moved(layer, relative=relative),), look.drawn(layer.name, at))
            for at, layer in enumerate(shown)
        ),
        x_title="percent" if relative else "weight change",
        percent=False,
        legend=False,
    )


def _moved(layer: LayerChange, *, relative: bool) -> Value:
    share = "from zero" if layer.from_zero else percent(layer.relative, 2)
    if relative:
        return Value(Role.OWN, 100 * layer.relative, share)
    return Value(Role.OWN, layer.norm, f"{layer.norm:.3g} ({share})")


def _map(inside: Inside) -> MapChart:
    seen = inside.map
    assert seen is not None
    named = list(zip(seen.names, seen.outputs, strict=True))
    share = seen.places.shown
    shown = f" {percent(share, 0)} of all differences show." if math.isfinite(share) else ""
    return MapChart(
        name="map",
        title="A map of the samples",
        note="Near each other: alike to the model. The two principal components of both models' "
        f"scores, each around its mean;{shown} n = {seen.places.n:,}; large: test samples.",
        seen=seen.places,
        names=[name for name, output in named if output >= 0],
        drawn=[look.drawn(*one) for one in named if one[1] >= 0],
        large=seen.test,
    )
