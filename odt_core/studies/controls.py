"""Negative controls: training that must not help. If it does, the gain is not what it seems."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from odt_core.errors import OdtError, SampleError
from odt_core.evaluation.comparison import Comparison, Verdict, compare
from odt_core.evaluation.evaluation import Evaluation, evaluate
from odt_core.evaluation.paired import gain_interval
from odt_core.evaluation.repeats import repeated
from odt_core.studies.judging import left_to_judge
from odt_core.studies.sample_size import nested_subset
from odt_core.studies.study import OnProgress, Stopped, StudyProgress, StudyStopped, never, quiet
from odt_core.studies.trainings import State, Training, train_each
from odt_core.training.settings import Settings
from odt_core.words import sentences

if TYPE_CHECKING:
    from odt_core.bundled import ModelCard
    from odt_core.samples import Labels, Samples
    from odt_core.studies.trainer import Trainer


_FEW = 8  # samples that tell a person whose samples they are
_MOSTLY_KEPT = 2 / 3  # share of labels that shuffling keeps where most samples have the same one


@dataclass(frozen=True)
class Controls:
    """All on the same test samples. `own`, `shuffled`, `other_person`: the base model against the
    model trained so. `own_over_…`: the model trained so against the person's own.

    kept: share of the training samples that kept their label when labels were shuffled. samples:
    how many each was trained on. shuffled is None where all samples have one label.
    """

    own: Comparison
    shuffled: Comparison | None
    other_person: Comparison | None
    own_over_shuffled: Comparison | None
    own_over_other: Comparison | None
    kept: float
    samples: int
    other_samples: int
    vanished: bool | None  # with shuffled labels; None where that cannot be told
    sentence: str


def negative_controls(
    trainer: Trainer,
    train: Samples,
    test: Samples,
    settings: Settings,
    *,
    others: Samples | None = None,
    replay: Samples | None = None,
    seed: int = 0,
    weights: State | None = None,
    left_out: str = "",
    progress: OnProgress = quiet,
    stopped: Stopped = never,
) -> Controls:
    """Train three times from the base, with the same settings: on the person's samples, on the same
    with their labels shuffled, and on as many of another person. All are judged by the test samples
    that are left (`left_to_judge`).

    others: another person's samples under the same labels; at most as many of each label as
    `train` has are used. seed: of the shuffling. weights: all variables after training on `train`
    with these settings, where they are known: the first training is left out then. left_out: why
    other tests are not among `test`, for the sentence; "" for none. Raises SampleError without
    samples or tests that are left and for models without labels, StudyStopped when stopped.
    """
    _check(train, test)
    test, also = left_to_judge(train, replace(test, labels=train.labels), trainer.card)
    mixed, kept = shuffled_labels(train, seed)
    theirs = like(others, train, seed) if others is not None else None
    runs = [Training("your samples", train, settings, weights=weights)]
    if mixed is not None:
        runs.append(Training("shuffled labels", mixed, settings))
    if theirs is not None and len(theirs):
        runs.append(Training("another person's samples", theirs, settings))
    trainer.reset()
    base = evaluate(trainer, test)
    asked = train_each(
        trainer,
        runs,
        lambda one: evaluate(one, test),
        replay=replay,
        progress=progress,
        stopped=stopped,
    )
    found: dict[str, Evaluation] = {}
    for run, one in zip(runs, asked, strict=True):
        if one is None:
            raise StudyStopped
        found[run.name] = one
    progress(StudyProgress(len(runs), len(runs), "finished"))
    mine = found["your samples"]
    shuffled, other = found.get("shuffled labels"), found.get("another person's samples")
    own = compare(base, mine)
    against_base = compare(base, shuffled) if shuffled else None
    over_shuffled = compare(shuffled, mine) if shuffled else None
    other_person = compare(base, other) if other else None
    over_other = compare(other, mine) if other else None
    vanished = _vanished(own, against_base, over_shuffled, kept)
    said = _sentence(own, against_base, over_shuffled, other_person, over_other, kept=kept)
    return Controls(
        own=own,
        shuffled=against_base,
        other_person=other_person,
        own_over_shuffled=over_shuffled,
        own_over_other=over_other,
        kept=kept,
        samples=len(train),
        other_samples=len(theirs) if theirs is not None else 0,
        vanished=vanished,
        sentence=sentences(said, also, left_out),
    )


def shuffled_labels(samples: Samples, seed: int) -> tuple[Samples | None, float]:
    """The same samples with their labels dealt out anew, and the share that kept its label; None
    where all have one label. The same labels, each as often as before.
    """
    if len(np.unique(samples.y)) < 2:
        return None, 1.0
    rng = np.random.default_rng((seed, len(samples)))
    y = samples.y
    while np.array_equal(y, samples.y):
        y = rng.permutation(samples.y)
    return replace(samples, y=y), float((y == samples.y).mean())


def other_person(card: ModelCard, labels: Labels, mine: Samples) -> Samples | None:
    """Samples of the first person of the model's card of whom none is among `mine`; None where
    there is nobody, nobody with these labels, or `mine` are stored features, not inputs.
    """
    from odt_core.samples import prepare

    for raw in card.load_people().values() if card.people else ():
        try:
            few = prepare(raw.take(range(min(_FEW, len(raw)))), card.preprocessing, labels)
            if repeated(few.x, mine.x).any():
                continue  # it is the person: a sample takes milliseconds to prepare
            theirs = prepare(raw, card.preprocessing, labels)
        except OdtError:  # labels that are not there
            continue
        if theirs.x.shape[1:] != mine.x.shape[1:]:
            continue
        if not repeated(theirs.x, mine.x).any():
            return theirs
    return None


def like(others: Samples, train: Samples, seed: int) -> Samples:
    """At most as many of each label as `train` has, under its labels."""
    parts = []
    for label, count in zip(*np.unique(train.y, return_counts=True), strict=True):
        index = np.flatnonzero(others.y == label)
        mine = nested_subset(others.take(index), int(count), seed)
        parts.append((mine.x, mine.y))
    x = np.concatenate([x for x, _ in parts])
    return replace(train, x=x, y=np.concatenate([y for _, y in parts]))


def _check(train: Samples, test: Samples) -> None:
    if train.y.dtype.kind == "f":
        raise SampleError("Negative controls need labels; a model of values has none to shuffle.")
    if not len(train) or not len(test):
        raise SampleError(
            "Negative controls need samples to train on and test samples to measure with. Add "
            "three or more of each label."
        )


def _vanished(
    own: Comparison, shuffled: Comparison | None, over_shuffled: Comparison | None, kept: float
) -> bool | None:
    """Whether there was a gain and shuffling took it away; None where that cannot be told: there
    was none, the two models differ by no more than chance, only a part of it remained (a model
    learns which labels there are, and how often, from shuffled ones too), or most labels were kept.
    """
    if shuffled is None or over_shuffled is None or own.verdict is not Verdict.BETTER:
        return None
    better = over_shuffled.verdict is Verdict.BETTER
    if shuffled.verdict is Verdict.BETTER:
        return None if better or kept > _MOSTLY_KEPT else False
    return True if better else None


def _sentence(
    own: Comparison,
    shuffled: Comparison | None,
    over_shuffled: Comparison | None,
    other: Comparison | None,
    over_other: Comparison | None,
    *,
    kept: float,
) -> str:
    n = own.n
    if own.verdict is not Verdict.BETTER:
        these = "this 1 test sample" if n == 1 else f"these {n} test samples"
        return (
            f"Personalising shows no gain beyond chance on {these} ({_points(own)}), so there is "
            "nothing for the controls to test."
        )
    told = [f"Your samples: {_points(own)} (n = {n} test samples)."]
    if shuffled is None or over_shuffled is None:
        told.append("All your samples have one label, so there is nothing to shuffle.")
    else:
        told.append(_of_shuffled(shuffled, over_shuffled, kept))
    if other is not None and over_other is not None:
        told.append(_of_other(other, over_other))
    return " ".join(told)


def _of_shuffled(shuffled: Comparison, over: Comparison, kept: float) -> str:
    points, better = _points(shuffled), over.verdict is Verdict.BETTER
    if shuffled.verdict is not Verdict.BETTER and better:
        return f"With shuffled labels the gain vanished, as it should ({points})."
    if shuffled.verdict is not Verdict.BETTER:
        return (
            f"With shuffled labels: {points}. These are too few test samples to tell whether the "
            "gain vanished."
        )
    if better:
        return (
            f"With shuffled labels a part of the gain remained ({points}): which labels there are, "
            f"and how often, is learnt from those too. Yours is more ({over.p_words})."
        )
    if kept > _MOSTLY_KEPT:
        return (
            f"With shuffled labels: {points}. Most of your samples have the same label, so that "
            f"{kept:.0%} of them kept theirs: this tells little."
        )
    return (
        f"With shuffled labels the gain did not vanish ({points}), and yours is not more by more "
        f"than chance ({over.p_words}): it may not come from what you taught. Do not trust it."
    )


def _of_other(other: Comparison, over_other: Comparison) -> str:
    if other.verdict is not Verdict.BETTER and over_other.verdict is Verdict.BETTER:
        return f"Another person's samples gave no gain ({_points(other)}): it is yours."
    if other.verdict is not Verdict.BETTER:
        return (
            f"Another person's samples gave no gain that is more than chance ({_points(other)}), "
            f"but yours are not better by more than chance either ({over_other.p_words})."
        )
    if over_other.verdict is Verdict.BETTER:
        return (
            f"Another person's samples gave {_points(other)}; yours are better "
            f"({over_other.p_words})."
        )
    return (
        f"Another person's samples helped, too ({_points(other)}), and yours are not better by "
        f"more than chance ({over_other.p_words}): the gain may come from how the samples were "
        "taken."
    )


def in_words(comparison: Comparison) -> str:
    """What the paired test says of a model that was trained somehow, against the base model."""
    if comparison.verdict is Verdict.SAME:
        return "As good as the base model."
    if comparison.verdict is Verdict.UNCLEAR:
        return f"May be chance, {comparison.p_words}."
    word = "Better" if comparison.verdict is Verdict.BETTER else "Worse"
    return f"{word} than the base model, not chance, {comparison.p_words}."


def _points(comparison: Comparison) -> str:
    """ "+12.0 points, 95 % interval −1.0 to +24.9" """
    low, high = gain_interval(len(comparison.fixed), len(comparison.broken), comparison.n)
    gain, low, high = 100 * comparison.gain, 100 * low, 100 * high
    told = f"{gain:+.1f} points, 95 % interval {low:+.1f} to {high:+.1f}"
    return told.replace("-", "−")
