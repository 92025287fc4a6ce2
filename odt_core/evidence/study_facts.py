"""The studies and the inside of a model as data for the personalisation card."""

from __future__ import annotations

import math
from typing import Any

from odt_core.evaluation import Comparison
from odt_core.evidence.inside import Inside
from odt_core.evidence.studies import Studies
from odt_core.studies import Controls, Cost, Estimate, Quantity, SamplesNeeded
from odt_core.words import percent

_OF_ERRORS = "95 %; about 90 % where there are few samples and rare errors are much larger"


def study_facts(studies: Studies) -> dict[str, Any]:
    """Of what was studied; None for what was not, with the reasons."""
    return {
        "controls": None if studies.controls is None else _controls(studies.controls),
        "samples_needed": None if studies.needed is None else _needed(studies.needed),
        "reasons": list(studies.reasons),
    }


def cost_facts(cost: Cost | None) -> dict[str, Any] | None:
    """What a training from the base model cost where the bundle was made."""
    if cost is None:
        return None
    found = cost.to_json()
    found["peak_memory_bytes"] = found.pop("peak_memory")
    return found


def inside_facts(inside: Inside) -> dict[str, Any]:
    """Layers, temperature, and from where on an input is unknown."""
    temperature, unknown, seen = inside.temperature, inside.unknown, inside.map
    return {
        "layers": [
            {
                "name": layer.name,
                "relative_change": layer.relative,
                "change": layer.norm,
                "weights": layer.size,
                "weights_changed": layer.changed,
                "variables": list(layer.variables),
            }
            for layer in inside.layers
        ],
        "temperature": None
        if temperature is None
        else {
            "value": None if temperature.at_limit else temperature.value,
            "n": temperature.n,
            "held_out": temperature.held_out,
            "calibration_error_before": temperature.before.ece,
            "calibration_error_after": temperature.after and temperature.after.ece,
            "sentence": temperature.sentence,
        },
        "unknown_input": None
        if unknown is None
        else {
            "score": unknown.method.value,
            "threshold": unknown.threshold,
            "kept": unknown.kept,
            "n": unknown.n,
            "sentence": (
                "An input of whose answer the model is less than "
                f"{percent(1 - unknown.threshold)} sure is answered with 'not sure'; "
                f"{unknown.count:,} of the {unknown.n:,} test samples that this was chosen on keep "
                "their answer."
            ),
        },
        "map": None
        if seen is None
        else {
            "n": seen.places.n,
            "explained": list(seen.places.explained),
            "what": "principal components of both models' scores, each around its mean",
            "samples": [
                {
                    "label": name if output >= 0 else None,
                    "test": bool(test),
                    "base": list(base),
                    "own": list(own),
                }
                for name, output, test, base, own in zip(
                    seen.names,
                    seen.outputs,
                    seen.test,
                    seen.places.base.tolist(),
                    seen.places.own.tolist(),
                    strict=True,
                )
            ],
        },
    }


def _controls(controls: Controls) -> dict[str, Any]:
    shared = controls.shared
    one: dict[str, Comparison | None] = {
        "own": controls.own,
        "another_person": controls.other_person,
        "own_over_another": controls.own_over_other,
        "own_on_shared_labels": None if shared is None else shared.own,
    }
    each = {
        "shuffled_labels": controls.shuffled,
        "own_over_shuffled": controls.own_over_shuffled,
    }
    return {
        "sentence": controls.sentence,
        "vanished": controls.vanished,
        "samples": controls.samples,
        "another_persons_samples": controls.other_samples,
        "shared_labels": shared and {"has": list(shared.has), "lacks": list(shared.lacks)},
        "labels_kept_by_chance": controls.kept,
        "gains": {
            **{name: None if gain is None else _gain(gain) for name, gain in one.items()},
            **{name: [_gain(gain) for gain in gains] for name, gains in each.items()},
        },
    }


def _gain(one: Comparison) -> dict[str, Any]:
    return {
        "quantity": one.quantity.value,
        "gain": one.gain,
        "interval": one.interval and list(one.interval),
        "interval_is": one.interval_is,
        "fixed": len(one.fixed),
        "broken": len(one.broken),
        "n": one.n,
        "p_value": one.p_value,
        "verdict": one.verdict.value,
    }


def _needed(needed: SamplesNeeded) -> dict[str, Any]:
    return {
        "sentence": needed.sentence,
        "quantity": needed.quantity.value,
        "seeds": list(needed.seeds),
        "complete": needed.complete,
        "points": [
            {
                "per_label": "all" if point.per_label is None else point.per_label,
                "samples": point.samples,
                "own": _estimate(point.own, needed.quantity),
                "base_test": None
                if point.base_test is None
                else _estimate(point.base_test, needed.quantity),
            }
            for point in needed.points
        ],
    }


def _estimate(one: Estimate, quantity: Quantity) -> dict[str, Any]:
    """interval: None where one sample says nothing of how far others lie apart."""
    return {
        "mean": one.mean,
        "interval": list(one.interval) if math.isfinite(one.interval[1]) else None,
        "interval_is": "95 %" if quantity.is_share else _OF_ERRORS,
        "n": one.n,
        "per_seed": list(one.per_seed),
    }
