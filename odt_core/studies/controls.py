"""Negative controls: training that must not help. If it does, the gain is not what it seems."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum, auto
from typing import TYPE_CHECKING

import numpy as np

from odt_core.errors import OdtError, SampleError
from odt_core.evaluation.comparison import Comparison, compare
from odt_core.evaluation.evaluation import Evaluation, evaluate, part_of
from odt_core.evaluation.repeats import repeated
from odt_core.samples.splitting import groups_of
from odt_core.studies.judging import left_to_judge
from odt_core.studies.sample_size import nested_subset
from odt_core.studies.study import OnProgress, Stopped, StudyProgress, StudyStopped, never, quiet
from odt_core.studies.trainings import State, Training, train_each
from odt_core.training.settings import Settings
from odt_core.words import count, percent, sentences, some_of

if TYPE_CHECKING:
    from odt_core.bundled import ModelCard
    from odt_core.samples import Labels, Samples
    from odt_core.studies.trainer import Trainer


_FEW = 8  # samples that tell a person whose samples they are
_MOSTLY_KEPT = 2 / 3  # share of labels that shuffling keeps where most samples have the same one
_SHUFFLES = 3  # one alone may fall so that what it teaches is right
_CALLED = "The trained model"  # on whatever samples, not always the person's
_NONE_SHARED = (
    "Another person's samples have none of the labels that are trained on and tested here: they "
    "can tell nothing, and were left out."
)
_DEALS = 64  # tried, of which those that keep the fewest labels in place are taken


class _Left(Enum):
    """What one shuffle left of the gain."""

    NOTHING = auto()
    PART = auto()  # which labels there are, and how often, is learnt from shuffled ones too
    ALL = auto()
    UNTOLD = auto()  # the two models differ by no more than chance, and neither gains


@dataclass(frozen=True)
class Shared:
    """Where another person's training had samples of some labels of the test samples alone. has,
    lacks: what these are called. own: the base model against the person's own, on the test samples
    of `has`.
    """

    own: Comparison
    has: tuple[str, ...]
    lacks: tuple[str, ...]


@dataclass(frozen=True)
class Controls:
    """All on the same test samples. `own`, `shuffled`, `other_person`: the base model against the
    model trained so. `own_over_…`: the model trained so against the person's own. Both of another
    person are on the test samples of `shared` alone, where it is not None.

    kept: share of the training samples that kept their label when labels were shuffled, the mean
    over the shuffles. samples: how many each was trained on. shuffled has a comparison for each
    shuffle, none where all samples have one label. Of a model of values its targets are shuffled.
    """

    own: Comparison
    shuffled: tuple[Comparison, ...]
    other_person: Comparison | None
    own_over_shuffled: tuple[Comparison, ...]
    own_over_other: Comparison | None
    kept: float
    samples: int
    other_samples: int
    vanished: bool | None  # with shuffled labels; None where that cannot be told
    sentence: str
    shared: Shared | None = None


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
    """Train from the base, with the same settings: on the person's samples, three times on the same
    with their labels (or targets) shuffled, and on as many of another person. All are judged by the
    test samples that are left (`left_to_judge`).

    others: another person's samples under the same labels; at most as many of each label as
    `train` has are used, and judged by the test samples of those labels: others they could not
    teach. seed: of the shuffling. weights: all variables after training on `train` with these
    settings, where they are known: the first training is left out then. left_out: why other tests
    are not among `test`, for the sentence; "" for none. Raises SampleError without samples or tests
    that are left, StudyStopped when stopped.
    """
    _check(train, test)
    test, also = left_to_judge(train, replace(test, labels=train.labels), trainer.card)
    mixed = shuffled_labels(train, seed)
    theirs = like(others, train, seed) if others is not None else None
    common = np.isin(groups_of(test), groups_of(theirs)) if theirs is not None else None
    untold = ""
    if common is None or not common.any():
        theirs, untold = None, _NONE_SHARED if others is not None else ""
    runs = [Training("your samples", train, settings, weights=weights)]
    runs += [Training(f"shuffled labels {k + 1}", one, settings) for k, one in enumerate(mixed)]
    if theirs is not None:
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
    found: list[Evaluation] = []
    for one in asked:
        if one is None:
            raise StudyStopped
        found.append(one)
    progress(StudyProgress(len(runs), len(runs), "finished"))
    mine, shuffled, other = found[0], found[1 : 1 + len(mixed)], found[1 + len(mixed) :]
    own = compare(base, mine, _CALLED)
    against_base = tuple(compare(base, one, _CALLED) for one in shuffled)
    over_shuffled = tuple(compare(one, mine) for one in shuffled)
    other_person = over_other = shared = None
    if other and common is not None:
        other_person, over_other, shared = _on_common(base, mine, other[0], common, test)
    kept = float(np.mean([_same(one.y, train.y) for one in mixed])) if mixed else 1.0
    vanished = _vanished(own, against_base, over_shuffled, kept)
    said = _sentence(
        own,
        against_base,
        over_shuffled,
        other_person,
        over_other,
        kept=kept,
        vanished=vanished,
        shared=shared,
    )
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
        sentence=sentences(said, untold, also, left_out),
        shared=shared,
    )


def _on_common(
    base: Evaluation, mine: Evaluation, other: Evaluation, common: np.ndarray, test: Samples
) -> tuple[Comparison, Comparison, Shared | None]:
    """(other_person, own_over_other, shared) of Controls. common: bool [N], the test samples of
    labels that the other person's training samples have.
    """
    if common.all():
        return compare(base, other, _CALLED), compare(other, mine), None
    base, mine, other = (part_of(one, common) for one in (base, mine, other))
    has, lacks = (
        tuple(test.labels.called(int(label)) for label in np.unique(groups_of(test)[those]))
        for those in (common, ~common)
    )
    shared = Shared(compare(base, mine, _CALLED, some_labels=True), has, lacks)
    return (
        compare(base, other, _CALLED, some_labels=True),
        compare(other, mine, some_labels=True),
        shared,
    )


def shuffled_labels(samples: Samples, seed: int) -> list[Samples]:
    """The same samples with their labels, or targets, dealt out anew, a few times; none where all
    have one. The same labels, each as often as before; of targets every sample gets another's.

    Each label's samples get all labels, in proportion: with few samples of two labels a deal at
    random often leaves more of them in place than not, and a model that learns what most of them
    say learns the truth from it. Where proportions do not come out even, fewer stay. Shuffles
    differ from each other as far as they can: where one happens to teach the truth, another cannot.
    """
    if _same(samples.y, samples.y[:1]).all():
        return []
    rng = np.random.default_rng((seed, len(samples)))
    if samples.y.dtype.kind == "f":
        return [replace(samples, y=_handed_on(samples.y, rng)) for _ in range(_SHUFFLES)]
    tried = (_dealt(samples.y, rng) for _ in range(_DEALS))
    deals = {y.tobytes(): y for y in tried if not np.array_equal(y, samples.y)}
    chosen: list[np.ndarray] = []
    while deals and len(chosen) < _SHUFFLES:

        def alike(name: bytes) -> tuple[int, int]:
            """How many labels are in place, and how many are as in a shuffle before."""
            same = [int(np.count_nonzero(deals[name] == y)) for y in (samples.y, *chosen)]
            return same[0], sum(same[1:])

        chosen.append(deals.pop(min(deals, key=alike)))
    return [replace(samples, y=y) for y in chosen]


def _same(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """bool [N]: which labels, or whole targets, are equal."""
    return np.asarray((one == other).reshape(len(one), -1).all(axis=1))


def _handed_on(y: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """float [N, …]: each sample in a circle, at random, has the target of the one before."""
    circle = rng.permutation(len(y))
    handed = np.empty_like(y)
    handed[circle] = y[np.roll(circle, 1)]
    return handed


def _dealt(y: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """int [N]: the labels, each spread evenly over a row of the samples in the order of theirs."""
    samples = rng.permutation(len(y))
    samples = samples[np.argsort(y[samples], kind="stable")]
    labels, counts = np.unique(y, return_counts=True)
    places = [(np.arange(count) + rng.random()) / count for count in counts]
    dealt = np.empty_like(y)
    dealt[samples] = np.repeat(labels, counts)[np.argsort(np.concatenate(places), kind="stable")]
    return dealt


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
    """At most as many of each label as `train` has, under its labels; with targets, in all."""
    parts = []
    groups = groups_of(others)
    for label, number in zip(*np.unique(groups_of(train), return_counts=True), strict=True):
        index = np.flatnonzero(groups == label)
        mine = nested_subset(others.take(index), int(number), seed)
        parts.append((mine.x, mine.y))
    x = np.concatenate([x for x, _ in parts])
    return replace(train, x=x, y=np.concatenate([y for _, y in parts]))


def _check(train: Samples, test: Samples) -> None:
    if not len(train) or not len(test):
        raise SampleError(
            "Negative controls need samples to train on and test samples to measure with. Add "
            "three or more of each label."
        )


def _left(shuffled: Comparison, over: Comparison) -> _Left:
    """over: own over the shuffled one."""
    if shuffled.gained:
        return _Left.PART if over.gained else _Left.ALL
    return _Left.NOTHING if over.gained else _Left.UNTOLD


def _vanished(
    own: Comparison,
    shuffled: Sequence[Comparison],
    over_shuffled: Sequence[Comparison],
    kept: float,
) -> bool | None:
    """Whether there was a gain and most shuffles took it away; False where none took any of it.
    None where that cannot be told: there was no gain, shuffles disagree, the models differ by no
    more than chance, only a part of it remained, or most labels were kept.
    """
    if not own.gained or not shuffled:
        return None
    left = [_left(*pair) for pair in zip(shuffled, over_shuffled, strict=True)]
    if 2 * left.count(_Left.NOTHING) > len(left):
        return True
    return False if set(left) == {_Left.ALL} and kept <= _MOSTLY_KEPT else None


def _sentence(
    own: Comparison,
    shuffled: Sequence[Comparison],
    over_shuffled: Sequence[Comparison],
    other: Comparison | None,
    over_other: Comparison | None,
    *,
    kept: float,
    vanished: bool | None,
    shared: Shared | None = None,
) -> str:
    n = own.n
    if not own.gained:
        these = "this 1 test sample" if n == 1 else f"these {n} test samples"
        return (
            f"Personalising shows no gain beyond chance on {these} ({own.gain_words}), so there is "
            "nothing for the controls to test."
        )
    constant = "" if own.constant is None else f", but {own.constant.no_more}"
    told = [f"Your samples: {own.gain_words} (n = {n} test samples){constant}."]
    if not shuffled:
        taught = own.quantity.taught
        told.append(f"All your samples have one {taught}, so there is nothing to shuffle.")
    else:
        told.append(_of_shuffled(shuffled, over_shuffled, kept, vanished))
    if other is not None and over_other is not None:
        told.append(_of_other(other, over_other, shared))
    return " ".join(told)


def _of_shuffled(
    shuffled: Sequence[Comparison],
    over: Sequence[Comparison],
    kept: float,
    vanished: bool | None,
) -> str:
    left = [_left(*pair) for pair in zip(shuffled, over, strict=True)]
    each, gone = len(left), left.count(_Left.NOTHING)
    points = _figures(shuffled)
    what = f"{over[0].quantity.taught}s"
    least = max(over, key=lambda one: one.p_value).p_words  # of how much more the own model is
    if vanished:
        how_often = "" if each == 1 else f" {gone} of {each} times"
        return f"With shuffled {what} the gain vanished{how_often}, as it should ({points})."
    if kept > _MOSTLY_KEPT:
        return (
            f"With shuffled {what}: {points}. Most of your samples have the same label, so that "
            f"{percent(kept, 0)} of them kept theirs: this tells little."
        )
    if vanished is False:
        return (
            f"With shuffled {what} the gain did not vanish ({points}), and yours is not more by "
            f"more than chance (against those: {_figures(over)}): it may not come from what you "
            "taught. Do not trust it."
        )
    if set(left) <= {_Left.NOTHING, _Left.PART}:
        return (
            f"With shuffled {what} a part of the gain remained ({points}): which {what} there are, "
            f"and how often, is learnt from those too. Yours is more ({least})."
        )
    if _Left.ALL in left or _Left.PART in left:
        return (
            f"With shuffled {what}: {points}. Shuffles differ by how the labels fall, so that it "
            "cannot be told whether the gain vanished. More training samples would tell more."
        )
    return (
        f"With shuffled {what}: {points}. These are too few test samples to tell whether the gain "
        "vanished."
    )


def _figures(each: Sequence[Comparison]) -> str:
    """Their gains. No p-values where there is none by more than chance: that of a loss, or of a
    mean error that grew while most became smaller, is small, too.
    """
    again = (one.gain_figures.replace("95 % interval ", "") for one in each[1:])
    return "; ".join((each[0].gain_words, *again))


def _of_other(other: Comparison, over_other: Comparison, shared: Shared | None) -> str:
    if shared is None:
        return _of_all_labels(other, over_other, "it")
    has, lacks = (some_of([f"“{name}”" for name in names]) for names in (shared.has, shared.lacks))
    said = (
        f"Another person's training had samples of {has}, but none of {lacks}, and is judged by "
        f"the {count(other.n, 'test sample')} of {has}."
    )
    if shared.own.gained or other.gained:
        return f"{said} {_of_all_labels(other, over_other, 'the gain on those')}"
    return (
        f"{said} There your own gave no gain that is more than chance either "
        f"({shared.own.gain_words}; theirs: {_figures([other])}): this control tells nothing."
    )


def _of_all_labels(other: Comparison, over_other: Comparison, gain: str) -> str:
    """Of all labels of the test samples that judge both. gain: what it is called."""
    against = f"against theirs: {_figures([over_other])}"
    if not other.gained and over_other.gained:
        return f"Another person's samples gave no gain ({other.gain_words}): {gain} is yours."
    if not other.gained:
        return (
            f"Another person's samples gave no gain that is more than chance ({other.gain_words}), "
            f"but yours are not better by more than chance either ({against})."
        )
    if over_other.gained:
        return (
            f"Another person's samples gave {other.gain_words}; yours are better "
            f"({over_other.p_words})."
        )
    return (
        f"Another person's samples helped, too ({other.gain_words}), and yours are not better by "
        f"more than chance ({against}): the gain may come from how the samples were taken."
    )
