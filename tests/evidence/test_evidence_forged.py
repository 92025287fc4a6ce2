"""A bundle that was changed, with digests that are those of what it is now, is found out."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from evidence_cases import Trained, check, reproduce, run, train

from odt_core.checkpoint import save_checkpoint
from odt_core.errors import ModelError
from odt_core.evaluation.leaks import trained_earlier
from odt_core.evidence import Beginning, look_inside
from odt_core.evidence import reproduce as script
from odt_core.evidence.again import Pair
from odt_core.evidence.origin import Origin
from odt_core.runtime import Session
from odt_core.samples import Samples

CARD = "personalisation-card.json"


def with_digests(folder: Path) -> None:
    """As a forger leaves it."""
    sums = folder / "SHA256SUMS"
    names = [line.split("  ", 1)[1] for line in sums.read_text("utf-8").splitlines()]
    digests = [hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in names]
    lines = [f"{digest}  {name}\n" for digest, name in zip(digests, names, strict=True)]
    sums.write_text("".join(lines), "utf-8")


def changed(folder: Path, path: str, value: Any) -> None:
    """One field of the card is another. path: names and places, by dots."""
    card = place = json.loads((folder / CARD).read_text("utf-8"))
    *groups, last = [int(one) if one.isdecimal() else one for one in path.split(".")]
    for group in groups:
        place = place[group]
    assert place[last] != value
    place[last] = value
    (folder / CARD).write_text(json.dumps(card), "utf-8")
    with_digests(folder)


@pytest.fixture(scope="module", name="leaky")
def fixture_leaky(trained: Trained) -> Trained:
    """Two of the test samples are training samples over again."""
    x = np.concatenate([trained.test.x[:28], trained.own.x[:2]])
    y = np.concatenate([trained.test.y[:28], trained.own.y[:2]])
    return replace(trained, test=Samples(x, y, trained.test.labels))


@pytest.fixture(scope="module", name="made")
def fixture_made(leaky: Trained) -> bytes:
    """A bundle in which everything is said that can be: of it the first test sample was trained on
    earlier.
    """
    pair = Pair(leaky.model, leaky.saved[-1].state)
    return leaky.bundle(
        test=replace(leaky.judged(leaky.test), leak=trained_earlier([0], 30)),
        base_test=leaky.judged(leaky.replay),
        inside=look_inside(pair, leaky.own.labels, leaky.own, leaky.test, leaky.replay),
    )


@pytest.fixture(name="folder")
def fixture_folder(made: bytes, unpack) -> Path:
    return unpack(made)


def found(folder: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is not as published, without training again."""
    monkeypatch.setattr(script, "HERE", folder)
    card = json.loads((folder / CARD).read_text("utf-8"))
    said = script.compare_all(script.load_base(card["reproduce"]), card)
    return list(said.wrong)


def test_bundle_as_it_was_made_is_as_published_and_tells_what_was_not_checked(folder):
    code, said = reproduce(folder, how=run)  # its own software has all that this needs
    assert (code, said["identical"], said["contradictions"]) == (0, True, [])
    assert all(row["same"] for row in said["results"])
    unchecked = " ".join(said["unchecked"])
    for part in ("studies", "charts/", "runs/", "model-card.json", "personalised.not_baked"):
        assert part in unchecked
    assert "which test samples were trained on earlier: 1" in unchecked


def test_that_nothing_tells_of_test_samples_trained_on_earlier_is_told_of_any_bundle(
    packed, unpack
):
    said = reproduce(unpack(packed))[1]
    assert "whether more test samples were trained on earlier" in " ".join(said["unchecked"])


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("results.test.own.interval", [0.95, 0.97]),
        ("results.test.comparison.p_value", 0.0001),
        ("results.test.comparison.verdict", "worse"),
        ("results.test.comparison.sentence", "20 fixed, 0 broken. Your model is better."),
        ("results.test.seen_in_training", None),
    ],
)
def test_forged_claim_ends_with_exit_code_1_and_is_named(folder, path, value):
    changed(folder, path, value)
    done = check(folder)
    assert done.returncode == 1
    assert "CHANGED" not in done.stdout
    assert f"DIFFERS     {CARD}: {path} is " in done.stdout
    assert "IDENTICAL   all 9 variables" in done.stdout


@pytest.mark.parametrize("name", ["index.html", "personalisation-card.md"])
def test_forged_text_ends_with_exit_code_1_and_is_named(folder, name):
    path = folder / name
    text = path.read_text("utf-8")
    assert "30" in text
    path.write_text(text.replace("30", "3,000"), "utf-8")
    with_digests(folder)
    code, said = reproduce(folder)
    assert (code, said["changed_files"], len(said["contradictions"])) == (1, [], 1)
    assert said["contradictions"][0].startswith(f"{name} says ")
    assert "3,000" in said["contradictions"][0]


@pytest.mark.parametrize("name", ["personalised", "personalised-predicts"])
def test_model_file_with_other_weights_is_found(folder, monkeypatch, name):
    (folder / f"models/{name}.tflite").write_bytes((folder / "models/base.tflite").read_bytes())
    said = f"models/{name}.tflite is not the base model with the published weights"
    assert said in found(folder, monkeypatch)


def test_model_file_that_cannot_be_made_is_named_beside_what_else_is_wrong(folder, monkeypatch):
    def refuse(*_: Any, **__: Any) -> bytes:
        raise ModelError("Weights overflow.")

    monkeypatch.setattr(Session, "bake", refuse)
    changed(folder, "personalised.step", 3)
    said = found(folder, monkeypatch)
    assert f"{CARD}: personalised.step is 3 in the card, and again 30" in said
    for name in ("personalised", "personalised-predicts"):
        path = f"models/{name}.tflite"
        assert f"{path} cannot be made from these weights: Weights overflow." in said


@pytest.mark.parametrize("name", ["model-card.md", "samples/test/list.csv"])
def test_forged_table_is_found(folder, monkeypatch, name):
    (folder / name).write_bytes((folder / name).read_bytes()[:-9])
    assert name in [one.split(" says ")[0] for one in found(folder, monkeypatch)]


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("made", "2020-01-01T00:00:00+00:00"),
        ("tests", 1),
        ("charts.calibration-test.note", "As honest as can be."),
        ("charts.gain.note", "Your model is better."),
        ("charts.progress.title", "On samples that were never trained on"),
        ("inside.layers.0.weights_changed", 0),
        ("inside.temperature.sentence", "The confidences are honest."),
        ("inside.temperature.value", 1.0),
        ("inside.unknown_input.threshold", 0.5),
        ("model.sha256", "0" * 64),
        ("personalised.state_sha256", "0" * 64),
        ("personalised.step", 3),
        ("results.base_test.comparison.broken", [1]),
        ("results.test.base", None),
        ("results.test.chosen_on_these", {"sentence": "Nothing."}),
        ("results.test.comparison.gain", 0.5),
        ("results.test.comparison.interval", [0.4, 0.6]),
        ("results.test.labels.1.own_correct", 1),
        ("results.test.over_again", [0]),
        ("results.test.over_again", [*range(29), 0]),  # of another label
        ("results.test.own.accuracy", 0.99),
        ("results.test.own.calibration.bins.9.n", 3),
        ("results.test.own.calibration.expected_calibration_error", 0.0),
        ("results.test.own.confusion.1", [0, 7, 0, 1]),
        ("results.test.own.correct", 3),
        ("results.test.own.cross_entropy", 0.001),
        ("results.test.own.different", 3000),
        ("results.test.own.n", 1000),
        ("results.test.seen_in_training.like_training", []),
        ("results.test.seen_in_training.sentence", "None was seen."),
        ("samples.test.n", 1000),
        ("training.samples", 500),
        ("training.seed", 4),
    ],
)
def test_forged_field_is_named(folder, monkeypatch, path, value):
    changed(folder, path, value)
    said = found(folder, monkeypatch)
    names = [one.split(" is ")[0].removeprefix(f"{CARD}: ") for one in said]
    wanted = path.split(".")
    wanted = [f"[{one}]" if one.isdecimal() else f".{one}" for one in wanted]
    assert "".join(wanted).removeprefix(".") in names


def test_steps_that_were_not_made_are_found(folder):
    changed(folder, "reproduce.origin.stages.0.total", 2000)
    code, said = reproduce(folder)
    assert code == 1
    assert "a training made 30 of 2000 steps, and again 30 of 30" in said["contradictions"][0]


def test_sample_that_is_said_to_be_another_over_again_is_taken_and_told(folder):
    changed(folder, "results.test.over_again", [0, 1, 2, 3, 0, *range(5, 30)])
    code, said = reproduce(folder)
    assert code == 1
    wrong = "results.test.own.different is 30 in the card, and again 29"
    assert f"{CARD}: {wrong}" in said["contradictions"]
    told = "which test samples are others over again: 1 more than their numbers show"
    assert told in said["unchecked"]


def test_figure_up_to_rounding_is_the_same(folder, monkeypatch):
    card = json.loads((folder / CARD).read_text("utf-8"))
    value = card["results"]["test"]["own"]["cross_entropy"]
    changed(folder, "results.test.own.cross_entropy", value * (1 + 1e-6))
    assert not [one for one in found(folder, monkeypatch) if one.startswith(CARD)]


def test_bundle_of_an_older_format_is_trained_again_and_not_accused_of_what_meant_another(folder):
    """What version 2 wrote of samples of which some are others over again, and 3 of a wrong answer
    that was surer than 1e-7.
    """
    path = folder / CARD
    card = json.loads(path.read_text("utf-8"))
    card["format"] = "odt evidence, version 3"
    own = card["results"]["test"]["own"]
    own |= {"constant_answer": None, "correct": 1, "accuracy": 1 / 30, "interval": [0.0, 0.2]}
    own["cross_entropy"] -= 0.5
    card["inside"]["temperature"]["held_out"] = not card["inside"]["temperature"]["held_out"]
    card["tests"] += 2
    path.write_text(json.dumps(card), "utf-8")
    with_digests(folder)
    code, said = reproduce(folder)
    assert (code, said["identical"], said["contradictions"], said["results"]) == (2, True, [], [])
    assert 'of another format ("odt evidence, version 3")' in said["message"]
    assert "say of both models' answers" in said["message"]
    changed(folder, "reproduce.origin.stages.0.total", 2000)
    assert reproduce(folder)[0] == 1


def test_right_answers_are_told_of_the_different_samples(trained, unpack):
    """A test sample over again is among the 30, and is judged once."""
    test = trained.test.take(np.array([*range(29), 0]))
    said = reproduce(unpack(trained.bundle(test=trained.judged(test))))[1]
    rows = [row["again"] for row in said["results"]]
    assert said["contradictions"] == []
    assert rows
    assert all(row.endswith(" of 29") for row in rows), rows


@pytest.mark.usefixtures("without_charts")
def test_leak_of_a_base_test_set_that_the_card_does_not_name_is_told(leaky, unpack):
    code, said = reproduce(unpack(leaky.bundle(base_test=leaky.judged(leaky.test))))
    assert (code, said["contradictions"]) == (0, [])
    told = "whether base test samples were trained on: 2 of 30 are training samples over again"
    assert [one for one in said["unchecked"] if one.startswith(told)]


@pytest.mark.usefixtures("without_charts")
def test_number_of_samples_trained_on_is_taken_and_told_where_they_are_not_at_hand(trained, unpack):
    origin = Origin(Beginning.UNKNOWN, reason="samples were removed since.")
    code, said = reproduce(unpack(trained.bundle(origin=origin, trained_on=20)))
    assert (code, said["contradictions"]) == (2, [])
    assert "how many samples the weights were trained on (training.samples)" in said["unchecked"]


@pytest.mark.usefixtures("without_charts")
def test_that_all_test_samples_were_trained_on_is_worked_out_and_not_taken(trained, unpack):
    code, said = reproduce(unpack(trained.bundle(test=trained.judged(trained.own))))
    assert (code, said["contradictions"]) == (0, [])
    assert not [one for one in said["unchecked"] if "were trained on earlier: " in one]


@pytest.mark.usefixtures("without_charts")
def test_that_weights_were_chosen_on_test_samples_cannot_be_hidden(trained, unpack, monkeypatch):
    best = next(one for one in train().saved if one.meta.note == "best")
    folder = unpack(trained.bundle(checkpoint_file=save_checkpoint(best)))
    changed(folder, "results.test.chosen_on_these", None)
    names = [one.split(" is ")[0] for one in found(folder, monkeypatch)]
    assert f"{CARD}: results.test.chosen_on_these" in names
