"""Which charts a bundle has, and what they say."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np

from odt_core.evaluation import Evaluation, compare, price_in_words
from odt_core.evaluation.by_label import label_table
from odt_core.evaluation.reliability_diagram import reliability_of
from odt_core.evidence.charts import look
from odt_core.evidence.charts.intervals import Group, Intervals, Value
from odt_core.evidence.charts.lines import Line, Lines
from odt_core.evidence.charts.matrices import MOST_LABELS, Matrices
from odt_core.evidence.charts.pictures import MOST, Picture, Pictures, as_pixels
from odt_core.evidence.charts.studied import inside_charts, study_charts
from odt_core.evidence.charts.types import Chart, Role
from odt_core.evidence.evidence import Curves, Evidence, Judged
from odt_core.samples import Labels, Samples
from odt_core.samples.labels import called
from odt_core.studies import Quantity
from odt_core.words import different_of, percent

SETS = {"test": "Your test samples", "base_test": "Base test set"}
_TOLD = {Quantity.ACCURACY: ", 95 % Wilson interval", Quantity.ERROR: ", less is better"}
_ROWS = 40  # labels in one chart
_POINTS = 800  # of a curve


def charts_of(evidence: Evidence) -> tuple[Chart, ...]:
    """Every chart that there is something for, and the first even where there is nothing."""
    charts: list[Chart] = [_gain(evidence)]
    curves = evidence.curves
    if curves is not None and curves.records:
        charts.append(_loss(curves, evidence.loss_name))
    if curves is not None and curves.evaluations:
        charts.append(_progress(evidence, curves))
    for name, judged in evidence.judged.items():
        if judged.own.confusion is None:
            if judged.own.n:
                charts.append(_values(name, judged))
        elif judged.own.n:
            charts += _of_labels(name, judged)
    charts += study_charts(evidence.studies)
    return (*charts, *inside_charts(evidence.inside), *_samples(evidence))


# --- gain and price -----------------------------------------------------------------------------


def _gain(evidence: Evidence) -> Intervals:
    groups, sentences = [], []
    asked = {Quantity.of(judged.own) for judged in evidence.judged.values()}
    less = (one for one in (Quantity.ERROR, Quantity.RIGHT) if one in asked)
    quantity = next(less, Quantity.ACCURACY)
    for name, judged in evidence.judged.items():
        rows = [
            _value(role, evaluation)
            for role, evaluation in ((Role.BASE, judged.base), (Role.OWN, judged.own))
            if evaluation is not None and evaluation.n
        ]
        if rows:
            groups.append(Group(f"{SETS[name]} ({_counted(judged.own)})", tuple(rows)))
        said = judged.claims(evidence.card.labels.used) if name == "test" else None
        if said is not None:
            new = said.new and said.new.in_short
            told = said.comparison.sentence, said.chosen_sentence, said.leak_sentence, new
            sentences += [sentence for sentence in told if sentence]
        if name == "base_test" and judged.base is not None:
            sentences += filter(None, [price_in_words(judged.base, judged.own)])
    return Intervals(
        name="gain",
        title="What was gained, and what it cost",
        note=" ".join(sentences) or _why_no_gain(evidence),
        groups=tuple(groups),
        x_title=quantity.value + _TOLD.get(quantity, ""),
        percent=quantity.is_share,
    )


def _counted(evaluation: Evaluation) -> str:
    return f"n = {different_of(evaluation.n, evaluation.different)}"


def _why_no_gain(evidence: Evidence) -> str:
    """True as well where there are test samples that cannot be judged: there is no telling here."""
    if evidence.test is None:
        return "None of your own test samples were judged, so no gain can be shown."
    return "The base model holds no weights and gives no answers, so no gain can be shown."


def _value(role: Role, evaluation: Evaluation) -> Value:
    right = evaluation.places_right
    if right is not None:
        return Value(role, right, f"{percent(right)}  ({_counted(evaluation)})")
    if evaluation.correct is None:
        error = evaluation.mean_squared_error or 0.0
        return Value(role, error, f"{error:.4g}  ({_counted(evaluation)})")
    low, high = evaluation.interval or (0.0, 1.0)
    share = evaluation.correct / evaluation.different
    counted = f"{evaluation.correct:,} of {evaluation.different:,}"
    counted += f"; {percent(low)} to {percent(high)}"
    return Value(role, share, f"{percent(share)}  ({counted})", low, high)


# --- training -----------------------------------------------------------------------------------


def _loss(curves: Curves, loss_name: str) -> Lines:
    records = _thinned(curves.records)
    reported = [(r.step, r.loss) for r in records if math.isfinite(r.loss)]
    measured, name = [(r.step, r.cross_entropy) for r in records], "cross-entropy, measured by odt"
    if all(value is None for _, value in measured):
        measured = [(r.step, r.mean_squared_error) for r in records]
        name = "mean squared error, measured by odt"
    known = [(step, value) for step, value in measured if value is not None]
    said = (
        "The model reports its own loss on each batch;" if reported else "The model reports none;"
    )
    said += " odt measures on your samples of the batch." if known else " odt measured none."
    return Lines(
        name="loss",
        title="Loss while training",
        note=f"{curves.steps:,} steps. {said}",
        x_title="step",
        y_title="loss",
        lines=(
            Line(loss_name, *_columns(reported), role=Role.OWN, faint=bool(known)),
            Line(name, *_columns(known), role=Role.OWN),
        ),
    )


def _progress(evidence: Evidence, curves: Curves) -> Lines:
    values = curves.evaluations[0].test or curves.evaluations[0].base_test
    quantity = Quantity.ACCURACY if values is None else Quantity.of(values)
    last = max(
        [e.step for e in curves.evaluations] + [r.step for r in curves.records[-1:]], default=1
    )
    lines, levels = [], []
    for name, judged in evidence.judged.items():
        said = SETS[name].lower()
        square = name == "base_test"
        scores = [
            (e.step, score.share_right if quantity.is_share else score.mean_squared_error)
            for e in curves.evaluations
            if (score := (e.test if name == "test" else e.base_test)) is not None
        ]
        known = [(step, value) for step, value in scores if value is not None]
        own = f"personalised, {said} ({_counted(judged.own)})"
        lines.append(Line(own, *_columns(known), role=Role.OWN, square=square, faint=square))
        if judged.base is not None and known:
            base_score = judged.base
            level = base_score.share_right if quantity.is_share else base_score.mean_squared_error
            base = f"base model, {said}"
            ends = (level or 0.0,) * 2
            levels.append(Line(base, (0, last), ends, role=Role.BASE, dash=True, faint=square))
    drawn = (*levels, *lines)
    lowest = min((min(line.y) for line in drawn if len(line.y)), default=0.0)
    leak = None if evidence.test is None else evidence.test.leak
    return Lines(
        name="progress",
        title="On samples that were never trained on"
        if leak is None
        else f"On test samples; training saw {len(leak.seen):,} of your {leak.n:,}",
        note="Dashed: the base model. Moving: the model while it is personalised.",
        x_title="step",
        y_title=quantity.value,
        lines=drawn,
        percent=quantity.is_share,
        x_range=(0, last or 1),
        y_range=(max(0.0, math.floor(lowest * 10 - 0.5) / 10), 1.01) if quantity.is_share else None,
    )


def _thinned(records: Sequence) -> Sequence:
    stride = max(1, math.ceil(len(records) / _POINTS))
    measured = [
        r for r in records if r.cross_entropy is not None or r.mean_squared_error is not None
    ]
    if stride > 1 and measured:
        kept = {r.step for r in measured[:: max(1, math.ceil(len(measured) / _POINTS))]}
        kept |= {r.step for r in records[::stride]}
        return [r for r in records if r.step in kept]
    return records[::stride]


def _columns(pairs: Sequence[tuple[float, float]]) -> tuple[list[float], list[float]]:
    return [float(x) for x, _ in pairs], [float(y) for _, y in pairs]


# --- label by label -----------------------------------------------------------------------------


def _of_labels(name: str, judged: Judged) -> list[Chart]:
    labels = judged.own_labels or judged.samples.labels
    said = f"{SETS[name]} ({_counted(judged.own)})"
    both = [(Role.BASE, judged.base), (Role.OWN, judged.own)]
    known = [(role, evaluation) for role, evaluation in both if evaluation is not None]
    charts: list[Chart] = []
    matrix = _matrices(name, said, known, labels)
    if matrix is not None:
        charts.append(matrix)
    if judged.base is not None:
        charts.append(_labels_chart(name, said, judged, labels))
    charts.append(_calibration(name, said, known))
    return charts


def _matrices(
    name: str, said: str, known: Sequence[tuple[Role, Evaluation]], labels: Labels
) -> Matrices | None:
    labels_seen = [
        np.concatenate([evaluation.truth, evaluation.predictions]) for _, evaluation in known
    ]
    there = np.unique(np.concatenate(labels_seen))
    if len(there) > MOST_LABELS:
        return None
    counts = tuple(
        (role, evaluation.confusion[np.ix_(there, there)])
        for role, evaluation in known
        if evaluation.confusion is not None and len(evaluation.confusion) > there.max(initial=0)
    )
    return Matrices(
        name=f"confusion-{_slug(name)}",
        title=f"{SETS[name]}: what is taken for what",
        note=f"{said}. Both on the same scale; off the diagonal are the mistakes.",
        counts=counts,
        labels=tuple(_label(labels, int(at)) for at in there),
        drawn=tuple(_drawn(labels, int(at)) for at in there),
    )


def _labels_chart(name: str, said: str, judged: Judged, labels: Labels) -> Intervals:
    assert judged.base is not None
    rows = label_table(judged.base, judged.own)
    order = sorted(rows, key=lambda row: (-(row.fixed + row.broken), row.label))
    kept = {row.label for row in order[:_ROWS]}
    groups = tuple(
        Group(
            _label(labels, row.label),
            tuple(
                Value(
                    role,
                    part.share,
                    f"{part.correct} of {part.n}",
                    part.interval[0],
                    part.interval[1],
                )
                for role, part in ((Role.BASE, row.base), (Role.OWN, row.own))
            ),
            _drawn(labels, row.label),
        )
        for row in rows
        if row.label in kept
    )
    left_out = len(rows) - len(groups)
    more = f" {left_out} labels that changed less are left out." if left_out else ""
    return Intervals(
        name=f"labels-{_slug(name)}",
        title=f"{SETS[name]}: label by label",
        note=f"{said}. Accuracy by right label, with 95 % Wilson intervals.{more}",
        groups=groups,
        x_title="accuracy",
    )


def _calibration(name: str, said: str, known: Sequence[tuple[Role, Evaluation]]) -> Lines:
    lines = [Line("confidence = accuracy", (0, 1), (0, 1), Role.GUIDE, dash=True)]
    errors = []
    for role, evaluation in known:
        found = reliability_of(evaluation)
        bins = [one for one in found.bins if one.n]
        lines.append(
            Line(
                look.NAMES[role],
                [one.confidence for one in bins],
                [one.accuracy for one in bins],
                role,
                joined=False,
                said=[f"n = {one.n}" for one in bins],
                sizes=[0.8 + 1.7 * math.sqrt(one.n / max(found.n, 1)) for one in bins],
                ends=[one.interval for one in bins],
            )
        )
        errors.append(f"{look.NAMES[role]} {percent(found.ece)}")
    return Lines(
        name=f"calibration-{_slug(name)}",
        title=f"{SETS[name]}: is the model as sure as it is right?",
        note=f"{said}, in ten bins of confidence; larger marks: more samples. Expected "
        f"calibration error: {', '.join(errors)}.",
        x_title="mean confidence of a bin",
        y_title="accuracy, 95 % Wilson interval",
        lines=tuple(lines),
        percent=True,
        x_percent=True,
        x_range=(0.0, 1.02),
        y_range=(0.0, 1.03),
    )


def _values(name: str, judged: Judged) -> Lines:
    lines = []
    for role, evaluation in ((Role.BASE, judged.base), (Role.OWN, judged.own)):
        if evaluation is None:
            continue
        both = evaluation.truth[evaluation.judged], evaluation.predictions[evaluation.judged]
        targets, answers = (np.asarray(one, np.float64).reshape(-1)[:_POINTS] for one in both)
        lines.append(Line(look.NAMES[role], targets.tolist(), answers.tolist(), role, joined=False))
    ends = [v for line in lines for v in line.x if math.isfinite(v)] or [0.0, 1.0]
    guide = Line(
        "answer = target", (min(ends), max(ends)), (min(ends), max(ends)), Role.GUIDE, dash=True
    )
    return Lines(
        name=f"values-{_slug(name)}",
        title=f"{SETS[name]}: answers against targets",
        note=f"{_counted(judged.own)}; the first {len(lines[0].x):,} numbers.",
        x_title="target",
        y_title="answer",
        lines=(guide, *lines),
    )


# --- the samples themselves ---------------------------------------------------------------------


def _samples(evidence: Evidence) -> list[Chart]:
    charts: list[Chart] = []
    own = evidence.samples
    pixels = as_pixels(own.x)
    if pixels is not None:
        order = _in_turn(own)
        name = _namer(own)
        charts.append(
            Pictures(
                name="samples",
                title="Your training samples",
                note=f"n = {len(own):,}, as the model sees them."
                + (" The first of each label." if len(own) > MOST else ""),
                pictures=tuple(Picture(pixels[k], (name(k),)) for k in order[:MOST]),
                lacked=own.y.dtype.kind != "f" and _lacked(own.labels, own.y[order[:MOST]]),
            )
        )
    test = evidence.test
    if test is None or test.base is None or test.own.correct is None:
        return charts
    pixels = as_pixels(test.samples.x)
    if pixels is None:
        return charts
    change = compare(test.base, test.own)
    labels = test.own_labels or test.samples.labels
    for slug, title, index, role in (
        ("fixed", "Fixed: wrong before, right now", change.fixed, Role.OWN),
        ("broken", "Broken: right before, wrong now", change.broken, Role.BASE),
    ):
        pictures = tuple(
            Picture(
                pixels[k],
                (
                    f"is {_drawn(labels, int(test.own.truth[k]))}",
                    f"base: {_drawn(labels, int(test.base.predictions[k]))}",
                    f"yours: {_drawn(labels, int(test.own.predictions[k]))}",
                ),
                role,
            )
            for k in index
        )
        note = f"{len(index)} of your {different_of(test.own.n, test.own.different)} test samples."
        if len(index) > MOST:
            note += f" The first {MOST}."
        answers = test.own.truth, test.base.predictions, test.own.predictions
        told = np.concatenate([one[index[:MOST]] for one in answers])
        charts.append(Pictures(slug, title, note, pictures, _lacked(labels, told)))
    return charts


def _in_turn(samples: Samples) -> list[int]:
    """Indices, a sample of each label in turn."""
    if samples.y.dtype.kind == "f":
        return list(range(len(samples)))
    turn = np.zeros(len(samples), np.int64)
    for label in np.unique(samples.y):
        mine = samples.y == label
        turn[mine] = np.arange(mine.sum())
    return [int(k) for k in np.lexsort((samples.y, turn))]


def _namer(samples: Samples) -> Callable[[int], str]:
    if samples.y.dtype.kind == "f":
        return lambda k: f"sample {k + 1}"
    return lambda k: _drawn(samples.labels, int(samples.y[k]))


def _label(labels: Labels, index: int) -> str:
    return called(labels.names[index] if index < len(labels) else None, index)


def _drawn(labels: Labels, index: int) -> str:
    """As a picture has it."""
    return look.drawn(labels.names[index] if index < len(labels) else None, index)


def _lacked(labels: Labels, outputs: np.ndarray) -> bool:
    """Whether a picture has one of these otherwise than it is called."""
    return any(_drawn(labels, int(at)) != _label(labels, int(at)) for at in np.unique(outputs))


def _slug(name: str) -> str:
    return name.replace("_", "-")
