"""Samples needed, where most test samples have the same label."""

from __future__ import annotations

import numpy as np

from odt_core.evaluation.uneven import Constant
from odt_core.runtime import load_model
from odt_core.samples import Samples
from odt_core.studies import Point, Quantity, samples_needed
from odt_core.studies.crossed import estimate
from odt_core.studies.sample_size import _sentence
from odt_core.training import Settings
from tests.evaluation.evaluation_material import zoo_model
from tests.studies.session_trainer import SessionTrainer

ALWAYS = Constant(0, "neg", 93, 100, 2)


def sentence(*rights: int, constant: Constant | None = ALWAYS) -> str:
    """Of one seed, so many of 100 test samples right with 0, 1, … and all samples of a label."""
    matrices = [(np.arange(100) < right).astype(float)[None] for right in rights]
    points = [
        Point(count, 0, estimate(one, Quantity.ACCURACY), None)
        for count, one in zip((*range(len(rights) - 1), None), matrices, strict=True)
    ]
    return _sentence(points, matrices, Quantity.ACCURACY, 1, constant)


def test_more_samples_are_not_said_to_help_a_model_no_better_than_a_constant_answer():
    assert sentence(45, 81, 93) == (
        "With all samples the model is right no more often than always saying 'neg': 93.0 % "
        "right, 45.0 % right before (n = 100 test samples, 1 seed). Samples of the other labels, "
        "to train and to test, would tell more."
    )
    assert sentence(45, 93, 93).startswith("With all samples the model is right no more often")


def test_more_samples_may_help_a_model_that_beats_the_constant_answer():
    assert sentence(45, 81, 94).startswith("The last samples still helped, so more may help")


def test_samples_that_did_harm_are_still_told():
    assert sentence(45, 95, 80).startswith("The last samples made it worse again")


def test_study_knows_the_constant_answer_of_its_test_samples():
    model = load_model(zoo_model("binary_logit_keras3"))
    x = np.random.default_rng(0).normal(size=(64, *model.contract.input_shape))
    y = np.r_[np.zeros(16, int), np.zeros(44, int), np.ones(4, int)]
    every = Samples(x.astype(np.float32), y, model.labels)
    train, test = every.take(np.arange(16)), every.take(np.arange(16, 64))
    got = samples_needed(
        SessionTrainer(model), train, test, Settings(epochs=40), per_label=(None,), seeds=(0,)
    )
    assert got.points[-1].own.mean == 44 / 48
    name = model.labels.names[0]
    assert got.sentence.startswith(
        f"With all samples the model is right no more often than always saying '{name}'"
    )
