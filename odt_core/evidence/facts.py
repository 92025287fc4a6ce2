"""The personalisation card as data: everything that the bundle claims, each number with its n."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from odt_core.evaluation import Claims, Evaluation, NewLabels
from odt_core.evaluation.by_label import label_table
from odt_core.evaluation.digest import state_digest
from odt_core.evaluation.reliability_diagram import reliability_of
from odt_core.evidence.charts import Chart
from odt_core.evidence.evidence import Evidence, Judged
from odt_core.evidence.origin import Stage
from odt_core.evidence.study_facts import cost_facts, inside_facts, study_facts
from odt_core.evidence.versions import versions
from odt_core.plain import plain
from odt_core.samples import Samples
from odt_core.training.batches import plan_for
from odt_core.training.settings import Settings

FORMAT = "odt evidence, version 4"


def facts(
    evidence: Evidence, charts: Sequence[Chart], files: Mapping[str, bytes], not_baked: str
) -> dict[str, Any]:
    """Plain JSON types only. files: what else is in the bundle, to name with its digest. not_baked:
    why there is no .tflite with the weights; "": there is.
    """
    checkpoint = evidence.checkpoint
    known = evidence.card.labels.used
    results = {name: _result(judged, known) for name, judged in evidence.judged.items()}
    card = evidence.card.to_json()
    studies, inside = study_facts(evidence.studies), inside_facts(evidence.inside)
    origin = _origin(evidence)
    return plain(
        {
            "format": FORMAT,
            "made": checkpoint.meta.created,
            "model": {
                "name": evidence.card.name,
                "sha256": digest(evidence.model),
                "bytes": len(evidence.model),
                "licence": evidence.card.licence,
                "source": evidence.card.source,
            },
            "personalised": {
                "state_sha256": state_digest(checkpoint.state),
                "variables": len(checkpoint.state),
                "checkpoint_sha256": digest(evidence.checkpoint_file),
                "step": checkpoint.meta.step,
                "note": checkpoint.meta.note,
                "not_baked": not_baked,
            },
            "samples": {
                "train": _set(evidence.samples, each=True),
                "replay": None if evidence.replay is None else _set(evidence.replay),
                **{
                    name: _set(judged.samples, each=name == "test")
                    for name, judged in evidence.judged.items()
                },
            },
            "training": {
                "settings": _settings(evidence),
                "seed": checkpoint.meta.seed,
                "samples": _trained_on(evidence),
                "origin": origin,
                "curves": _curves(evidence),
            },
            "results": results,
            "studies": studies,
            "inside": inside,
            "tests": tests_in(results, studies, inside),
            "charts": _charts(charts),
            "cost": cost_facts(evidence.studies.cost),
            "versions": versions(),
            "reproduce": {
                "card": {**card, "base_test": None, "replay": None, "people": []},
                "choice": evidence.choice.to_json() if evidence.choice else None,
                "labels": list(evidence.samples.labels.names),
                "labels_replay": list((evidence.replay or evidence.samples).labels.names),
                "origin": origin,
                "versions": versions(),
            },
            "files": {name: digest(content) for name, content in sorted(files.items())},
        }
    )


def _trained_on(evidence: Evidence) -> int | None:
    """How many samples the weights have seen; None where nobody knows."""
    return len(evidence.samples) if evidence.origin.repeatable else evidence.trained_on


def _charts(charts: Iterable[Chart]) -> dict[str, dict[str, str]]:
    """What stands above each chart, by its name."""
    return {chart.name: {"title": chart.title, "note": chart.note} for chart in charts}


def tests_in(
    results: Mapping[str, Any], studies: Mapping[str, Any], inside: Mapping[str, Any]
) -> int:
    """How many tests at the 5 % level the card holds."""
    count = 0
    for result in results.values():
        seen, new = result["seen_in_training"], result["new_to_base"]
        found = (result["comparison"], seen and seen["others"], new and new["on_the_others"]["n"])
        count += sum(bool(one) for one in found)
    controls, needed = studies["controls"], studies["samples_needed"]
    if controls:
        gains = controls["gains"].values()
        count += sum(len(gain) if isinstance(gain, list) else bool(gain) for gain in gains)
    if needed:
        count += len(needed["points"]) - 1
    temperature = inside["temperature"]
    if temperature and temperature["held_out"]:
        count += 2  # of the temperature, and of the calibration error
    return count


def digest(data: bytes) -> str:
    """Hex SHA-256."""
    return hashlib.sha256(data).hexdigest()


def sample_digests(samples: Samples) -> list[str]:
    """Hex SHA-256 of each sample's numbers, as float32 little-endian."""
    x = np.ascontiguousarray(samples.x, "<f4")
    return [hashlib.sha256(x[k].tobytes()).hexdigest() for k in range(len(samples))]


def _set(samples: Samples, *, each: bool = False) -> dict[str, Any]:
    found: dict[str, Any] = {"n": len(samples), "shape": list(samples.x.shape[1:])}
    if samples.y.dtype.kind in "iu":
        found["labels"] = [
            {
                "output": int(label),
                "label": samples.labels.names[int(label)],
                "n": int((samples.y == label).sum()),
            }
            for label in np.unique(samples.y)
        ]
    if each:
        found["sha256"] = sample_digests(samples)
    return found


def _settings(evidence: Evidence) -> dict[str, Any]:
    """What was done: nothing was replayed where there was nothing, whatever the setting."""
    settings = dict(evidence.checkpoint.meta.settings)
    if settings and evidence.replay is None:
        settings["replay"] = 0.0
    return settings


def _origin(evidence: Evidence) -> dict[str, Any]:
    origin = evidence.origin
    return {
        "beginning": origin.beginning.value,
        "repeatable": origin.repeatable,
        "sentence": origin.sentence,
        "stages": [
            {**stage.to_json(), "batch": _batch(evidence, stage)} for stage in origin.stages
        ],
    }


def _batch(evidence: Evidence, stage: Stage) -> dict[str, int] | None:
    """What each of its batches was made of: own samples of few labels get a smaller part than the
    setting leaves.
    """
    if evidence.contract is None or not evidence.contract.train:
        return None
    settings = Settings.from_json(stage.settings)
    replay = evidence.replay if settings.replay else None
    plan = plan_for(settings, evidence.samples, replay, evidence.contract)
    return {"own": plan.own_per_step, "replayed": plan.replay_per_step}


def _curves(evidence: Evidence) -> dict[str, Any] | None:
    curves = evidence.curves
    if curves is None:
        return None
    return {
        "outcome": curves.outcome.value if curves.outcome is not None else "",
        "message": curves.message,
        "steps": curves.steps,
        "steps_kept": len(curves.records),
        "evaluations": [evaluation.to_json() for evaluation in curves.evaluations],
        "every_step": "runs/steps.csv",
    }


def _result(judged: Judged, known: np.ndarray) -> dict[str, Any]:
    """known: bool [K], whether the base model learnt each label."""
    base, own = judged.base, judged.own
    own_labels = judged.own_labels or judged.samples.labels
    result: dict[str, Any] = {
        "labels_base": list(judged.samples.labels.names),
        "labels_own": list(own_labels.names),
        "over_again": None if own.same is None else own.same.tolist(),
        "base": None if base is None else _measured(base),
        "own": _measured(own),
        "comparison": None,
        "labels": None,
        "new_to_base": None,
        "seen_in_training": None,
        "chosen_on_these": None,
    }
    said = judged.claims(known)
    if said is not None:
        result["comparison"] = {
            **said.comparison.to_json(),
            "test": "McNemar, exact, two-sided" if own.correct is not None else "sign test",
        }
        result["seen_in_training"] = _seen(said)
        result["chosen_on_these"] = {"sentence": said.chosen_sentence} if said.chosen else None
        result["new_to_base"] = _new_to_base(said.new)
    if base is not None and own.correct is not None:
        result["labels"] = [
            {
                "output": row.label,
                "label": own_labels.names[row.label],
                "n": row.n,
                "base_correct": row.base.correct,
                "own_correct": row.own.correct,
                "fixed": row.fixed,
                "broken": row.broken,
            }
            for row in label_table(base, own)
        ]
    return result


def _seen(said: Claims) -> dict[str, Any] | None:
    if said.leak is None:
        return None
    return {
        "samples": said.leak.seen.tolist(),
        "trained_earlier": said.leak.earlier.tolist(),
        "like_training": said.leak.alike.tolist(),
        "told_by_looks": said.leak.picture,
        "others": None if said.others is None else said.others.to_json(),
        "sentence": said.leak_sentence,
    }


def _new_to_base(found: NewLabels | None) -> dict[str, Any] | None:
    if found is None:
        return None
    return {
        "outputs": list(found.outputs),
        "n": found.n,
        "on_the_others": {
            "n": found.base.different,
            "base_correct": found.base.correct,
            "own_correct": found.own.correct,
            "p_value": found.comparison.p_value,
        },
        "sentence": found.sentence,
    }


def _measured(evaluation: Evaluation) -> dict[str, Any]:
    if evaluation.correct is None:
        return evaluation.to_json()
    found = reliability_of(evaluation)
    return {
        **evaluation.to_json(),
        "interval_is": "95 % Wilson",
        "calibration": {
            "n": found.n,
            "expected_calibration_error": found.ece,
            "bins": [
                {
                    "low": b.low,
                    "high": b.high,
                    "n": b.n,
                    "confidence": b.confidence,
                    "accuracy": b.accuracy,
                }
                for b in found.bins
            ],
        },
    }
