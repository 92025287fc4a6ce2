"""Whether an engine that does other work than the rest is found out, and who counts as a rival."""

from __future__ import annotations

from typing import Any

import pytest

from benchmarks.engines.agreement import compare_answers, compare_losses
from benchmarks.engines.standing import lost, standing


def cell(**engines: tuple[float, bool]) -> dict[str, Any]:
    return {
        "cell": {"key": "mlp-b32-t1-sgd"},
        "engines": {
            name: {
                "agreement": {"agrees": agrees},
                "train": {"low": time, "median": time, "high": time},
            }
            for name, (time, agrees) in engines.items()
        },
    }


class TestAgreement:
    def test_losses_when_one_engine_drifts_then_only_it_disagrees(self):
        found = compare_losses({"a": [2.0, 1.0], "b": [2.0, 1.0001], "c": [2.0, 1.01]})
        assert {name: v.agrees for name, v in found.items()} == {"a": True, "b": True, "c": False}

    def test_losses_when_an_engine_did_fewer_steps_then_those_are_compared(self):
        found = compare_losses({"a": [2.0, 1.0, 0.5], "b": [2.0, 1.0, 0.5], "slow": [2.0]})
        assert found["slow"].agrees
        assert found["slow"].steps == 1

    def test_losses_when_one_is_no_number_then_it_disagrees(self):
        found = compare_losses({"a": [1.0], "b": [1.0], "c": [float("nan")]})
        assert not found["c"].agrees

    def test_losses_when_two_engines_differ_then_neither_agrees(self):
        found = compare_losses({"a": [1.0], "b": [2.0]})
        assert not any(verdict.agrees for verdict in found.values())

    def test_answers_when_logits_are_swapped_then_disagree(self):
        right = [[1.0, -2.0], [0.5, 3.0]]
        found = compare_answers({"a": right, "b": right, "c": [[-2.0, 1.0], [0.5, 3.0]]})
        assert found["a"].agrees
        assert not found["c"].agrees


class TestStanding:
    def test_standing_when_a_rival_did_other_work_then_it_does_not_count(self):
        found = standing(cell(odt=(0.1, True), jax=(0.2, True), wrong=(0.01, False)), "train")
        assert found is not None
        assert (found.rival, found.ratio) == ("jax", pytest.approx(0.5))

    def test_standing_when_odt_is_absent_then_there_is_none(self):
        assert standing(cell(jax=(0.2, True)), "train") is None

    def test_standing_when_only_odt_is_there_then_there_is_none(self):
        assert standing(cell(odt=(0.1, True), odt_baked=(0.1, True)), "train") is None

    def test_lost_when_a_rival_is_faster_then_names_the_cell(self):
        ahead, behind = cell(odt=(1, True), a=(2, True)), cell(odt=(3, True), a=(2, True))
        assert [key for key, _ in lost([ahead, behind], "train")] == ["mlp-b32-t1-sgd"]
