"""Samples needed: how good the model gets with 1, 2, 3, … samples of each label."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from odt_core.errors import SampleError, SettingsError
from odt_core.evaluation.comparison import FEWEST_CHANGES
from odt_core.evaluation.evaluation import evaluate
from odt_core.evaluation.mean_answer import MeanAnswer
from odt_core.evaluation.uneven import Constant
from odt_core.samples.splitting import groups_of
from odt_core.studies.crossed import Estimate, Quantity, can_be_told_apart, estimate, outcomes
from odt_core.studies.judging import left_to_judge
from odt_core.studies.study import OnProgress, Stopped, StudyProgress, StudyStopped, never, quiet
from odt_core.studies.trainings import State, Training, train_each
from odt_core.training.settings import Settings
from odt_core.words import count, percent_apart, sentences

if TYPE_CHECKING:
    from odt_core.samples import Samples
    from odt_core.studies.trainer import Trainer

_ROUNDING = 1e-9  # means of shares of pixels or words that differ by less are the same


@dataclass(frozen=True)
class Point:
    """Training on `per_label` samples of each label (None: all there are)."""

    per_label: int | None
    samples: int  # trained on, in all
    own: Estimate  # on the person's test samples
    base_test: Estimate | None  # on the base test set, where one was given


@dataclass(frozen=True)
class SamplesNeeded:
    """The first point has 0 samples: the base model. complete: False when it was stopped."""

    points: tuple[Point, ...]
    seeds: tuple[int, ...]
    quantity: Quantity
    complete: bool
    sentence: str


def samples_needed(
    trainer: Trainer,
    train: Samples,
    test: Samples,
    settings: Settings,
    *,
    per_label: Sequence[int | None] = (1, 2, 3, 5, 10, None),
    seeds: Sequence[int] = (0, 1, 2),
    replay: Samples | None = None,
    base_test: Samples | None = None,
    weights: State | None = None,
    left_out: str = "",
    progress: OnProgress = quiet,
    stopped: Stopped = never,
) -> SamplesNeeded:
    """Train from the base on ever more of `train` and measure each model on those of `test` that
    are left (`left_to_judge`).

    A seed decides which samples of a label come first, and every random choice of training: its
    subsets lie within each other. A label with fewer samples gives all it has; counts that no label
    has come to the same as all and are left out. Samples with targets count as one label. When
    `stopped()` turns true, what was finished is returned; StudyStopped when that is nothing.
    weights: all variables after training on `train` with these settings, where they are known: with
    their seed it is not trained on all samples then. left_out: why other tests are not among
    `test`, for the sentence; "" for none. SampleError when there is nothing to train on
    or nothing left to test on.
    """
    if not len(train) or not len(test):
        raise SampleError(
            "This needs samples to train on and test samples to measure with. Add three or more "
            "of each label."
        )
    seeds = tuple(dict.fromkeys(seeds))
    counts = _counts(train, per_label)
    if not seeds or not counts:
        raise SettingsError("samples_needed needs at least one seed and one count.")
    test, also = left_to_judge(train, replace(test, labels=train.labels), trainer.card)
    tests = [test]
    if base_test is not None and len(base_test):
        tests.append(replace(base_test, labels=train.labels.with_those_of(base_test.labels)))
    total = len(counts) * len(seeds)
    progress(StudyProgress(0, total, "the base model"))
    trainer.reset()
    evaluated = [evaluate(trainer, samples) for samples in tests]
    quantity = Quantity.of(evaluated[0])
    trainings = [
        Training(
            _doing(count, seed, quantity),
            train,
            replace(settings, seed=seed),
            _chosen(train, count, seed),
            weights if count is None and seed == settings.seed else None,
        )
        for count in counts
        for seed in seeds
    ]
    found = train_each(
        trainer,
        trainings,
        lambda one: [outcomes(evaluate(one, samples)) for samples in tests],
        replay=replay,
        progress=progress,
        stopped=stopped,
    )
    answered = [[outcomes(one) for one in evaluated]]
    points, own = [_point(0, 0, answered, quantity)], [_first(answered)]
    for at in range(0, total, len(seeds)):
        answered = [one for one in found[at : at + len(seeds)] if one is not None]
        if len(answered) < len(seeds):
            break
        points.append(_point(counts[len(points) - 1], trainings[at].count, answered, quantity))
        own.append(_first(answered))
    if len(points) == 1:
        raise StudyStopped
    complete = len(points) == len(counts) + 1
    if complete:
        progress(StudyProgress(total, total, "finished"))
    words = _sentence(points, own, quantity, len(seeds), evaluated[0].constant)
    said = sentences(words, also, left_out)
    return SamplesNeeded(tuple(points), seeds, quantity, complete, said)


def nested_subset(samples: Samples, per_label: int | None, seed: int) -> Samples:
    """`per_label` of each label (None: all), chosen by the seed; a larger number has the smaller
    one's samples too. In the order of `samples`.
    """
    chosen = _chosen(samples, per_label, seed)
    return samples if chosen is None else samples.take(chosen)


def _chosen(samples: Samples, per_label: int | None, seed: int) -> np.ndarray | None:
    """bool [N]: which are in the nested subset; None: all."""
    if per_label is None:
        return None
    chosen = np.zeros(len(samples), bool)
    groups = groups_of(samples)
    for label in np.unique(groups):
        index = np.flatnonzero(groups == label)
        order = np.random.default_rng((seed, int(label))).permutation(len(index))
        chosen[index[order[:per_label]]] = True
    return chosen


def _counts(train: Samples, wanted: Sequence[int | None]) -> list[int | None]:
    """Ascending, without those that come to the same as all."""
    most = int(np.unique(groups_of(train), return_counts=True)[1].max())
    if any(count is not None and count < 1 for count in wanted):
        raise SettingsError("samples_needed needs counts of at least 1.")
    short = sorted({count for count in wanted if count is not None and count < most})
    whole = any(count is None or count >= most for count in wanted)
    return [*short, None] if whole else list(short)


def _point(
    count: int | None, samples: int, answered: list[list[np.ndarray]], quantity: Quantity
) -> Point:
    """answered: for each seed, for each test set, float64 [N]."""
    own, *old = (estimate(np.stack(rows), quantity) for rows in zip(*answered, strict=True))
    return Point(count, samples, own, old[0] if old else None)


def _doing(count: int | None, seed: int, quantity: Quantity) -> str:
    what = "all samples" if count is None else f"{count}{quantity.of_each or ' samples'}"
    return f"{what}, seed {seed}"


def _first(answered: list[list[np.ndarray]]) -> np.ndarray:
    """[seeds, N]: the person's test samples."""
    return np.stack([sets[0] for sets in answered])


def _sentence(
    points: list[Point],
    own: list[np.ndarray],
    quantity: Quantity,
    seeds: int,
    constant: Constant | MeanAnswer | None = None,
) -> str:
    """From how many samples on more of them cannot be told to have helped. constant: of the test
    samples.
    """
    last, n = points[-1], points[0].own.n
    told = f"n = {count(n, 'test sample')}, {count(seeds, 'seed')}"
    if n < FEWEST_CHANGES:
        said = f"{_figure(points[0].own, quantity)} before, {_figure(last.own, quantity)} after"
        return f"These are too few test samples to tell how many samples it takes ({said}; {told})."
    apart = [can_be_told_apart(one, own[-1], quantity) for one in own]
    base, of_each = points[0].own, quantity.of_each
    most = "all samples" if last.per_label is None else f"{last.per_label}{of_each}"
    if not apart[0]:
        figures = f"{_figure(last.own, quantity)} against {_figure(base, quantity)}, {told}"
        return f"Trained on {most}, the model cannot be told from the base model ({figures})."
    enough = points[1 + max(np.flatnonzero(apart))]  # by chance one before it may be as good
    if quantity.better(base.mean, last.own.mean):
        return (
            f"Training made the model worse: from {_figure(base, quantity)} to "
            f"{_figure(last.own, quantity)} with {most} ({told}). Look at the labels of your "
            f"samples, or try a smaller learning rate."
        )
    before = points[-2].own
    if enough is last and quantity.better(before.mean, last.own.mean):
        return (
            f"The last samples made it worse again: from {_figure(before, quantity)} to "
            f"{_figure(last.own, quantity)} with {most} ({told}). Look at them, and at their "
            f"labels."
        )
    if isinstance(constant, MeanAnswer) and not constant.beaten_by(last.own.mean):
        return (
            f"With {most} the model is {constant.no_more} ({constant.error:.3g}): "
            f"{_figure(last.own, quantity)}, {_figure(base, quantity)} before ({told}). Look "
            "whether the samples show what their targets depend on, or train longer."
        )
    if isinstance(constant, Constant) and last.own.mean <= constant.mean + _ROUNDING:
        others = "with more of the other classes" if constant.places else "of the other labels"
        return (
            f"With {most} the model is right no more often than {constant.words}: "
            f"{_figure(last.own, quantity)}, {_figure(base, quantity)} before ({told}). Samples "
            f"{others}, to train and to test, would tell more."
        )
    if enough is last:
        return (
            f"The last samples still helped, so more may help: from {_figure(before, quantity)} to "
            f"{_figure(last.own, quantity)} with {most} ({told})."
        )
    each = "one sample" if enough.per_label == 1 else f"{enough.per_label} samples"
    return (
        f"From {each}{of_each} on, no further gain can be told from chance: "
        f"{_figure(enough.own, quantity)} with {enough.per_label}{' of each' if of_each else ''}, "
        f"{_figure(last.own, quantity)} with {most} ({told}). More test samples would tell more."
    )


def _figure(own: Estimate, quantity: Quantity) -> str:
    if quantity is Quantity.ERROR:
        return f"a mean squared error of {own.mean:.3g}"
    return f"{percent_apart(own.mean)} right"
