"""What studies found comes back from JSON as it was, and nothing else does."""

from __future__ import annotations

import json

import numpy as np
import pytest

from odt_core.evaluation import compare, score
from odt_core.studies import Controls, Cost, Estimate, Point, Quantity, SamplesNeeded
from odt_core.studies.as_json import from_json, to_json
from odt_core.studies.network import NetworkUse

LABELS = np.array([0] * 15 + [1] * 5)
BASE, OWN = np.eye(2)[[1] * 20], np.eye(2)[[0] * 20]  # always the other, always the commonest
TARGETS = np.arange(20, dtype=np.float32)[:, None]
NETWORK = NetworkUse(0, True, 0, "Nothing was sent.", 3, None)
ESTIMATE = Estimate(0.5, (0.25, float("inf")), 4, (0.25, 0.75))
FOUND = [
    Controls(
        own=compare(score(BASE, LABELS), score(OWN, LABELS)),
        shuffled=(compare(score(TARGETS * 2, TARGETS), score(TARGETS + 1, TARGETS)),) * 2,
        other_person=None,
        own_over_shuffled=(),
        own_over_other=compare(score(BASE, LABELS), score(BASE, LABELS)),
        kept=0.1,
        samples=12,
        other_samples=0,
        vanished=None,
        sentence="As it should.",
    ),
    Cost(1.5, 20, 0.2, 32, None, 0, 2**31, NETWORK, 1_000, "ab" * 32, "1.5 ms a step."),
    SamplesNeeded(
        points=(Point(0, 0, ESTIMATE, None), Point(None, 12, ESTIMATE, ESTIMATE)),
        seeds=(0, 1),
        quantity=Quantity.ACCURACY,
        complete=True,
        sentence="Three.",
    ),
]


@pytest.mark.parametrize("found", FOUND, ids=lambda found: type(found).__name__)
def test_what_was_found_comes_back_to_the_letter(found):
    text = json.dumps(to_json(found))
    again = from_json(type(found), json.loads(text))
    assert type(again) is type(found)
    assert json.dumps(to_json(again)) == text
    with np.printoptions(legacy="1.25"):  # in which a float64 is written as any other number
        assert repr(again) == repr(found)


@pytest.mark.parametrize(
    "change",
    [
        {"seconds": "0.2"},
        {"steps": 2.5},
        {"steps": None},
        {"network": {**to_json(NETWORK), "confined": 1}},
        {"network": []},
        {"more": 1},
    ],
    ids=str,
)
def test_what_is_of_another_kind_is_refused(change):
    with pytest.raises((TypeError, ValueError)):
        from_json(Cost, {**to_json(FOUND[1]), **change})
