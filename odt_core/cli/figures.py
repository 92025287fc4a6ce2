"""What evaluations come to: as JSON, the same for every command, and in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from odt_core.words import different_of, percent

if TYPE_CHECKING:
    import numpy as np

    from odt_core.dialects.contract import Contract
    from odt_core.evaluation import Claims, Evaluation
    from odt_core.evaluation.evaluation import Predicts
    from odt_core.samples import Labels, Samples


def evaluated(
    base: Predicts | None,
    own: Predicts,
    samples: Samples,
    labels: Labels,
    same: np.ndarray | None,
) -> tuple[Evaluation | None, Evaluation, Labels]:
    """(the base model's answers judged, the personalised model's, the labels that it was asked
    with). base: None where the model's file holds no weights. labels: of the personalised model.
    same: as of `answered`.
    """
    from odt_core.evaluation.evaluation import answered

    # A label that the person added can also be a wrong answer to a base test sample.
    asked = labels.with_those_of(samples.labels)
    before = None if base is None else answered(base, samples, same)
    return before, answered(own, replace(samples, labels=asked), same), asked


def why_unjudged(contract: Contract, test: Samples) -> str | None:
    """Why answers to test samples cannot be judged; None where they can."""
    if contract.scored and contract.classifies and test.labels.used.sum() == 1:
        return "not judged: there is one label, and so every answer would be right"
    if contract.scored:
        return None
    if contract.infer is None:
        return "not judged: this model has no signature that predicts"
    return "not judged: its answers are not compared with its targets"


def compared(
    base: Evaluation | None, own: Evaluation | None, said: Claims | None
) -> dict[str, Any]:
    """Base against personalised, as plain JSON: null where there is none, or nothing to compare.
    The sentences are to be shown together.
    """
    from odt_core.evaluation.uneven import uneven_in_words

    either = own if own is not None else base
    uneven = "" if either is None else uneven_in_words(either)
    comparison = None if said is None else said.comparison
    leak = None if said is None else said.leak
    return {
        "n": None if either is None else either.n,
        "base": None if base is None else base.to_json(),
        "personalised": None if own is None else own.to_json(),
        "comparison": None if comparison is None else comparison.to_json(),
        "p_value": None if comparison is None else comparison.p_value,
        "seen_in_training": None if leak is None else leak.seen.tolist(),
        "sentences": ([uneven] if uneven else []) if said is None else list(said.sentences),
    }


def _figure(found: Mapping[str, Any] | None) -> str:
    """The one figure of an evaluation: accuracy, `places_right`, or the mean squared error."""
    if found is None:
        return "unknown"
    if "accuracy" in found:
        low, high = found["interval"]
        share = percent(found["accuracy"])
        return f"{share} (95 % interval {percent(low)} to {percent(high)})"
    if found["places_right"] is not None:
        return places_right(found)
    return f"mean squared error {found['mean_squared_error']:.6g}"


def places_right(found: Mapping[str, Any]) -> str:
    """The share of pixels, words or labels that are right, and what it hides where most places are
    of one class.
    """
    share = percent(found["places_right"])
    return f"{share} of the {found['places']} right, mean IoU {found['mean_iou']:.4f}"


def judged_lines(result: Mapping[str, Any]) -> list[str]:
    """Lines about what `compared` gave for both sets: the figures of both models, then the
    sentences; before them which samples were left out, and after them why nothing is said of the
    person's.
    """
    lines = list(result["left_out"])
    for key, title in (("test", "your test samples"), ("base_test", "base test set")):
        found = result[key]
        if found:
            pair = " → ".join(f"{one} {_figure(found[one])}" for one in ("base", "personalised"))
            n = different_of(found["n"], (found["base"] or found["personalised"])["different"])
            lines += [f"{title} ({n})  {pair}", *found["sentences"]]
    if result["unjudged"]:
        lines.append(f"your test samples  {result['unjudged']}")
    return lines
