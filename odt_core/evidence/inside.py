"""What is known of a model beyond its answers: its weights, its confidence, how it sees samples."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from odt_core.errors import SampleError
from odt_core.evaluation import (
    FeatureMap,
    LayerChange,
    Temperature,
    Unknown,
    feature_map,
    fit_temperature,
    fit_unknown,
    weight_changes,
)
from odt_core.evaluation.feature_plane import points
from odt_core.evaluation.over_again import exact_copies, once
from odt_core.runtime.weights import weights_of
from odt_core.studies.judging import left_to_judge

if TYPE_CHECKING:
    from odt_core.bundled import ModelCard
    from odt_core.dialects import Contract
    from odt_core.dialects.contract import OutputKind
    from odt_core.graph import ModelDescription
    from odt_core.samples import Labels, Samples
    from odt_core.worker.remote import Which


@dataclass(frozen=True)
class Map:
    """Where each of N samples lies. outputs: of its label, -1 where it has a target instead; names:
    what that is called, or a mark. test: bool [N].
    """

    places: FeatureMap
    outputs: tuple[int, ...]
    names: tuple[str, ...]
    test: np.ndarray


@dataclass(frozen=True)
class Inside:
    """layers: how far each moved from the base model. temperature: of the personalised model, on
    the test samples. unknown: from where on an input is too strange to it. None: cannot be told.
    """

    layers: tuple[LayerChange, ...] = ()
    temperature: Temperature | None = None
    unknown: Unknown | None = None
    map: Map | None = None


class Asked(Protocol):
    """A worker, or what stands for one: its session "own" holds the personalised weights."""

    @property
    def contract(self) -> Contract: ...
    @property
    def description(self) -> ModelDescription: ...
    @property
    def card(self) -> ModelCard | None: ...
    @property
    def base_uninitialised(self) -> bool: ...
    def state(self, which: Which = "own") -> Mapping[str, np.ndarray]: ...
    def scores(self, x: np.ndarray, which: Which = "own") -> tuple[np.ndarray, OutputKind]: ...


def look_inside(
    worker: Asked,
    labels: Labels,
    train: Samples,
    test: Samples | None = None,
    base_test: Samples | None = None,
    judged_by: Samples | None = None,
    mapped: bool = True,
) -> Inside:
    """Ask a worker whose own session holds the personalised weights. labels: those in use. Test
    samples that were trained on, or are others over again, are on the map alone; judged_by: the
    others, where it is known which these are. Where the model's file holds no weights, there are no
    layers and no map: nothing to compare with. mapped: whether a map is wanted.
    """
    layers: tuple[LayerChange, ...] = ()
    if not worker.base_uninitialised:
        base, own = worker.state("base"), worker.state("own")
        layers = weight_changes(base, own, weights_of(worker.description, worker.contract))
    if worker.contract.infer is None or not worker.contract.scored:
        return Inside(layers)
    if worker.contract.measures_errors:
        return Inside(layers, map=_map(worker, labels, train, test) if mapped else None)
    used = np.asarray(labels.used, bool)
    temperature = unknown = None
    new = _new(train, test, worker) if judged_by is None else judged_by
    if new is not None and len(new):
        scores, kind = worker.scores(new.x)
        temperature = fit_temperature(scores, new.y, kind, used=used)
    if base_test is not None:
        base_test = once(base_test, exact_copies(base_test.x, base_test.y))
    known = [group.x for group in (new, base_test) if group is not None and len(group)]
    if known:
        asked = [worker.scores(x) for x in known]
        together = np.concatenate([scores for scores, _ in asked])
        unknown = fit_unknown(together, kind=asked[0][1], used=used)
    seen = _map(worker, labels, train, test) if mapped else None
    return Inside(layers, temperature, unknown, seen)


def _new(train: Samples, test: Samples | None, worker: Asked) -> Samples | None:
    """The test samples that say something new of the model; None without any."""
    if test is None or not len(test):
        return None
    try:
        return left_to_judge(train, test, worker.card)[0]
    except SampleError:
        return None


def _map(worker: Asked, labels: Labels, train: Samples, test: Samples | None) -> Map | None:
    groups = [group for group in (train, test) if group is not None and len(group)]
    x = np.concatenate([group.x for group in groups]) if groups else np.zeros((0,))
    if len(x) < 3 or worker.base_uninitialised:
        return None
    y = np.concatenate([group.y for group in groups])
    is_test = np.repeat([group is test for group in groups], [len(group) for group in groups])
    chosen = points(len(x))
    x, y, is_test = x[chosen], y[chosen], is_test[chosen]
    before, after = (worker.scores(x, which)[0] for which in ("base", "own"))
    try:
        places = feature_map(before, after, labels.used)
    except SampleError:  # weights that diverged
        return None
    if worker.contract.measures_errors:
        return Map(places, (-1,) * len(x), ("×",) * len(x), is_test)
    outputs = tuple(map(int, y))
    return Map(places, outputs, tuple(map(labels.called, outputs)), is_test)
