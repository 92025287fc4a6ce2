"""A bundle's card worked out again from the samples, the model and the weights in the bundle, and
the texts for people from that card: whatever was published and cannot be had so is named.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from odt_core.checkpoint import load_checkpoint
from odt_core.errors import OdtError
from odt_core.evaluation import copies
from odt_core.evaluation.evaluation import answered
from odt_core.evaluation.leaks import Leakage, joined
from odt_core.evaluation.over_again import exact_copies
from odt_core.evidence.bundling import BAKED, checked, sample_list, with_leak
from odt_core.evidence.cards import readable_files
from odt_core.evidence.charts import charts_of
from odt_core.evidence.compared import apart, differing
from odt_core.evidence.evidence import Curves, Evidence, Judged
from odt_core.evidence.facts import facts, tests_in
from odt_core.evidence.inside import Inside, look_inside
from odt_core.evidence.origin import Beginning, Origin, Stage
from odt_core.samples import Labels
from odt_core.training.history import EvaluationRecord

if TYPE_CHECKING:
    from odt_core.bundled import ModelCard
    from odt_core.dialects import Contract
    from odt_core.dialects.contract import OutputKind
    from odt_core.graph import ModelDescription
    from odt_core.runtime import Model, Session
    from odt_core.samples import Samples
    from odt_core.worker.remote import Which

# What belongs to the machine, the course of the training, or trainings that are not repeated.
_MEASURED = (
    *("cost", "studies", "versions", "inside.map"),
    *("training.curves", "personalised.not_baked"),
    *("reproduce.choice", "reproduce.versions"),
)
_MEASURED_CHARTS = ("loss", "controls", "samples-needed", "map")
UNCHECKED = (
    "the studies, what training costs, and the course of the training (studies, cost, "
    "training.curves, runs/)",
    "what charts draw, and the map (charts/, charts.html, inside.map)",
    "what the base model's own card says (model-card.json), how its signatures are used, versions",
    "whether more test samples were trained on earlier, or are others over again, than the card "
    "and their numbers say",
    "why a model is missing in models/ (personalised.not_baked)",
)
_BY_LOOKS = "temperature and unknown input, as pictures told which test samples say something new"


@dataclass(frozen=True)
class Material:
    """What is in a bundle. card: as it was published. model: of model_file, with the bundle's model
    card. sets: samples by the name of their folder, under the labels that the base model is asked
    with. read: any file by name; empty where there is none.
    """

    card: dict[str, Any]
    model: Model
    model_file: bytes
    checkpoint_file: bytes
    sets: Mapping[str, Samples]
    read: Callable[[str], bytes]


@dataclass(frozen=True)
class Said:
    """card: as it comes out again. wrong: each thing that is not as published, in words. unchecked:
    what was taken as it is.
    """

    card: dict[str, Any]
    wrong: tuple[str, ...]
    unchecked: tuple[str, ...]


def compare_all(material: Material) -> Said:
    """Work everything out again and compare, of a card of today's FORMAT: the same field of another
    may mean something else. Raises what `evaluate` does.
    """
    card, taken = _card_again(material)
    wrong = [f"personalisation-card.json: {one}" for one in differing(material.card, card)]
    wrong += _texts_apart(material)
    wrong += _models_apart(material)
    return Said(card, tuple(wrong), (*UNCHECKED, *taken))


def _texts_apart(material: Material) -> Iterator[str]:
    """Texts for people that say something else than the published card."""
    card = material.card["reproduce"]["card"]
    texts = readable_files(material.card, card)
    texts |= {
        f"samples/{name}/list.csv": sample_list(samples) for name, samples in material.sets.items()
    }
    for name, text in texts.items():
        found = apart(material.read(name), text)
        if found:
            yield f"{name} says {found}"


def _models_apart(material: Material) -> Iterator[str]:
    """Model files that do not come out again from the base model and the published weights."""
    session = material.model.session()
    session.load_state(load_checkpoint(material.checkpoint_file).state)
    labels = material.sets["train"].labels
    for name, inference_only in BAKED.items():
        published = material.read(name)
        if not published:
            continue
        try:
            baked = session.bake(inference_only=inference_only, labels=labels)
        except OdtError as error:  # whatever else was found is worth having all the same
            yield f"{name} cannot be made from these weights: {error}"
            continue
        if published != baked:
            yield f"{name} is not the base model with the published weights"


def _card_again(material: Material) -> tuple[dict[str, Any], list[str]]:
    """The card, with what is not worked out as it was published; and what that is of this one."""
    said, model = material.card, material.model
    evidence = Evidence(
        model=material.model_file,
        card=model.card,
        checkpoint_file=material.checkpoint_file,
        samples=material.sets["train"],
        origin=_origin(said["reproduce"]["origin"]),
        replay=material.sets.get("replay"),
        contract=model.contract,
        curves=_course(said["training"]["curves"]),
    )
    pair = Pair(model, evidence.checkpoint.state)
    taken: list[str] = []
    judged = {name: _judged(pair, material, name, taken) for name in said["results"]}
    trained = evidence.samples, evidence.checkpoint, evidence.card, evidence.replay
    if "test" in judged:
        judged["test"] = _with_told(
            checked(judged["test"], *trained), said["results"]["test"], taken
        )
    if "base_test" in judged:
        one = judged["base_test"]
        leak = with_leak(one, *trained).leak
        if said["results"]["base_test"]["seen_in_training"]:
            judged["base_test"] = replace(one, leak=leak)
        elif leak is not None:  # of a set that came with the model's card it is not asked
            taken.append(
                f"whether base test samples were trained on: {len(leak.seen)} of {leak.n} are "
                "training samples over again, or look so, and the card names none, which is right "
                "only of a set that came with the model"
            )
    evidence = replace(evidence, test=judged.get("test"), base_test=judged.get("base_test"))
    evidence = replace(evidence, inside=_inside(pair, evidence, said["inside"]))
    published = {name: material.read(name) for name in said["files"]}
    card = facts(evidence, charts_of(evidence), published, "")
    for path in _MEASURED:
        _take_over(said, card, path.split("."))
    if not evidence.origin.repeatable and said["training"].get("samples") is not None:
        _take_over(said, card, ["training", "samples"])
        taken.append("how many samples the weights were trained on (training.samples)")
    if _BY_LOOKS in taken:
        _take_over(said, card, ["inside", "temperature"])
        _take_over(said, card, ["inside", "unknown_input"])
    for name in set(_MEASURED_CHARTS) & said.get("charts", {}).keys():
        card["charts"][name] = said["charts"][name]
    card["tests"] = tests_in(card["results"], card["studies"], card["inside"])
    return card, taken


def _take_over(said: dict[str, Any], card: dict[str, Any], path: list[str]) -> None:
    *groups, last = path
    for group in groups:
        said, card = said[group], card[group]
    if last in said:
        card[last] = said[last]


def _origin(said: Mapping[str, Any]) -> Origin:
    """The training, as it is repeated."""
    reason = str(said["sentence"]).removeprefix(Origin(Beginning.UNKNOWN).sentence)
    known = [field.name for field in fields(Stage)]  # what follows from those is worked out again
    stages = tuple(Stage(**{name: stage[name] for name in known}) for stage in said["stages"])
    return Origin(Beginning(said["beginning"]), stages, reason=reason)


def _course(said: Mapping[str, Any] | None) -> Curves | None:
    """Of the curves what a chart is called after."""
    if said is None:
        return None
    return Curves(evaluations=tuple(map(EvaluationRecord.from_json, said["evaluations"])))


def _judged(pair: Pair, material: Material, name: str, taken: list[str]) -> Judged:
    """As both models answer now. taken: what was taken from the card, in words, is added."""
    samples = material.sets[name]
    own_labels = Labels(tuple(material.card["results"][name]["labels_own"]))
    asked = replace(samples, labels=own_labels)
    mine = name == "test"  # the base test set was drawn, not made by a person
    how = material.model.preprocessing
    same = copies(samples, how) if mine else exact_copies(samples.x, samples.y)
    if mine:
        told = material.card["results"][name].get("over_again")
        same, more = _over_again(same, told, samples.y)
        if more:
            many = f"{more} more than their numbers show"
            taken += [f"which test samples are others over again: {many}", _BY_LOOKS]
    base = None if pair.base_uninitialised else answered(pair.base, samples, same)
    return Judged(samples, base, answered(pair.own, asked, same), own_labels)


def _with_told(test: Judged, said: Mapping[str, Any], taken: list[str]) -> Judged:
    """With what the card knows of the test samples and their numbers do not show, such as that some
    were trained on earlier: each makes a claim weaker. taken: as of `_judged`.
    """
    n = len(test.samples)
    known = test.leak
    shown = set() if known is None else set(known.alike.tolist())
    seen = said["seen_in_training"] or {}
    whole = known is not None and known.exactly
    earlier = [] if whole else seen.get("trained_earlier", [])
    alike = sorted({*seen.get("like_training", ())} - shown)
    if earlier:
        taken.append(f"which test samples were trained on earlier: {len(earlier)}")
    if alike:
        more = f"{len(alike)} more than their numbers show"
        taken.append(f"which test samples are training samples over again: {more}")
        taken += [_BY_LOOKS] * (_BY_LOOKS not in taken)
    looks = bool(alike and seen.get("told_by_looks"))
    leak = Leakage(n, np.array(earlier, np.int64), np.array(alike, np.int64), looks)
    return replace(test, leak=joined(known, leak if len(leak.seen) else None))


def _over_again(
    shown: np.ndarray | None, told: list[int] | None, y: np.ndarray
) -> tuple[np.ndarray | None, int]:
    """Which samples are others over again, as the card has them where those are all that their
    numbers show and more, under the same label y or with the same target; and how many more.
    """
    if told is None or len(told) != len(y):
        return shown, 0
    each = np.arange(len(y))
    same, first = np.array(told, np.int64), each if shown is None else shown
    more = len(np.unique(first)) - len(np.unique(same))
    before = bool(((same >= 0) & (same <= each)).all())
    fits = before and np.array_equal(y[same], y) and np.array_equal(same, same[first])
    return (same, more) if fits and more > 0 else (shown, 0)


def _inside(pair: Pair, evidence: Evidence, said: Mapping[str, Any]) -> Inside:
    """But for the map. What the card leaves out is left out."""
    test, base_test = (
        None if one is None else one.samples for one in (evidence.test, evidence.base_test)
    )
    labels = evidence.samples.labels
    found = look_inside(pair, labels, evidence.samples, test, base_test, mapped=False)
    return Inside(
        found.layers if said["layers"] else (),
        found.temperature if said["temperature"] else None,
        found.unknown if said["unknown_input"] else None,
    )


class Pair:
    """Both models in this process, as `look_inside` asks them."""

    def __init__(self, model: Model, state: Mapping[str, np.ndarray]) -> None:
        self.base, self.own = model.session(), model.session()
        self.own.load_state(state)
        self.card: ModelCard | None = model.card
        self.description: ModelDescription = model.description

    @property
    def contract(self) -> Contract:
        """The same of both."""
        return self.own.contract

    @cached_property
    def base_uninitialised(self) -> bool:
        """Whether the model's file holds no weights."""
        return self.base.uninitialised

    def state(self, which: Which = "own") -> dict[str, np.ndarray]:
        """A copy of all variables."""
        return self._of(which).state()

    def scores(self, x: np.ndarray, which: Which = "own") -> tuple[np.ndarray, OutputKind]:
        """What `infer` gives, and what kind of numbers."""
        session = self._of(which)
        return session.infer(x), session.output_kind

    def _of(self, which: Which) -> Session:
        return self.own if which == "own" else self.base
