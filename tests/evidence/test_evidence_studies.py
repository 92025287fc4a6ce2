"""What is studied for a bundle, what is known of a model's inside, and how the card says both."""

from __future__ import annotations

import io
import json
import math
import zipfile
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from evidence_cases import MODEL, Trained

from odt_core.evaluation import fit_temperature, state_digest
from odt_core.evaluation.paired import gain_interval
from odt_core.evidence import Studies, look_inside, study_all, tables
from odt_core.evidence.inside import Inside
from odt_core.evidence.study_facts import cost_facts, inside_facts, study_facts
from odt_core.samples import Samples
from odt_core.studies import (
    Estimate,
    Point,
    Quantity,
    SamplesNeeded,
    StudyProgress,
    StudyStopped,
    WorkerTrainer,
)
from odt_core.studies.controls import Shared
from odt_core.studies.study import quiet
from odt_core.training import Settings
from odt_core.worker import Worker
from tests.bright_pixels import some

SHORT = Settings(epochs=2, batch_size=8, learning_rate=0.1, seed=1)


@pytest.fixture(scope="module")
def trainer() -> Iterator[WorkerTrainer]:
    with WorkerTrainer.start(MODEL.read_bytes()) as started:
        yield started


def studied(trainer: WorkerTrainer, train: Samples, test: Samples | None, **given) -> Studies:
    nothing = {"others": None, "replay": None, "base_test": None, "asked": None, "left_out": ""}
    return study_all(trainer, train, test, SHORT, **nothing | {"progress": quiet} | given)


@pytest.fixture(scope="module")
def studies(trained: Trained, trainer: WorkerTrainer) -> Studies:
    others = some(12, 7, trained.own.labels)
    return studied(trainer, trained.own, trained.test, others=others)


@pytest.fixture(scope="module")
def inside(trained: Trained) -> Inside:
    with Worker.start(MODEL.read_bytes()) as worker:
        worker.load_state(trained.saved[-1].state)
        return look_inside(worker, trained.own.labels, trained.own, trained.test)


class TestStudyAll:
    def test_everything_when_there_are_test_samples_is_studied(self, studies):
        assert studies.reasons == ()
        assert studies.cost is not None
        assert studies.controls is not None
        assert studies.needed is not None
        assert studies.controls.other_samples == 12
        assert [point.per_label for point in studies.needed.points] == [0, 1, 2, 3, None]
        assert studies.needed.complete

    def test_cost_names_the_weights_that_the_same_training_gives_again(
        self, trained, trainer, studies
    ):
        trainer.train(trained.own, SHORT)
        assert studies.cost.weights == state_digest(trainer.state())

    def test_known_studies_are_taken_over_and_not_trained_again(self, trained, trainer, studies):
        before = state_digest(trainer.state())
        again = studied(trainer, trained.own, trained.test, known=studies)
        assert again == studies
        assert state_digest(trainer.state()) == before

    def test_half_a_curve_that_is_known_is_studied_anew(self, trained, trainer, studies):
        half = replace(studies, needed=replace(studies.needed, complete=False))
        again = studied(trainer, trained.own, trained.test, known=half)
        assert again.needed == studies.needed

    def test_no_test_samples_are_a_reason(self, trained, trainer):
        found = studied(trainer, trained.own, None)
        assert found.cost is not None
        assert (found.controls, found.needed) == (None, None)
        assert found.reasons == (
            "Negative controls and samples needed: there are no test samples.",
        )

    def test_test_samples_that_were_trained_on_are_a_reason(self, trained, trainer, studies):
        known = Studies(studies.cost)
        found = studied(trainer, trained.own, trained.own, known=known)
        assert (found.controls, found.needed) == (None, None)
        assert found.reasons == (
            "All 18 test samples have the same numbers, up to rounding, as a training sample: they "
            "say nothing of new ones. Add test samples that are not trained on.",
        )

    def test_stop_ends_them_and_gives_no_half(self, trained, trainer, studies):
        seen: list[StudyProgress] = []
        with pytest.raises(StudyStopped):
            studied(
                trainer, trained.own, trained.test, known=Studies(studies.cost),
                progress=seen.append, stopped=lambda: len(seen) > 6,
            )  # fmt: skip
        shares = [one.share for one in seen]
        assert shares == sorted(shares)
        assert any(one.doing.startswith("samples needed: ") for one in seen)


class TestStudyFacts:
    def test_numbers_come_with_their_n_and_are_json(self, studies):
        found = json.loads(json.dumps(study_facts(studies), allow_nan=False))
        own = found["controls"]["gains"]["own"]
        assert own["n"] == 30
        assert own["interval"] == list(gain_interval(own["fixed"], own["broken"], 30))
        assert found["controls"]["sentence"] == studies.controls.sentence
        points = found["samples_needed"]["points"]
        assert [(p["per_label"], p["samples"], p["own"]["n"]) for p in points] == [
            (0, 0, 30), (1, 4, 30), (2, 8, 30), (3, 12, 30), ("all", 18, 30),
        ]  # fmt: skip
        assert len(points[1]["own"]["per_seed"]) == 3
        cost = cost_facts(studies.cost)
        assert cost["network"]["bytes_sent"] in (0, None)
        assert cost["peak_memory_bytes"] == studies.cost.peak_memory
        assert "peak_memory" not in cost

    def test_error_of_one_sample_has_no_interval(self, trained):
        own = Estimate(0.5, (0.0, math.inf), 1, (0.5,))
        points = (Point(0, 0, own, None), Point(None, 18, own, None))
        needed = SamplesNeeded(points, (0,), Quantity.ERROR, True, "Too few.")
        found = study_facts(Studies(needed=needed))["samples_needed"]
        json.dumps(found, allow_nan=False)
        assert found["points"][0]["own"]["interval"] is None
        with zipfile.ZipFile(io.BytesIO(trained.bundle(studies=Studies(needed=needed)))) as packed:
            (name,) = [n for n in packed.namelist() if n.endswith("personalisation-card.md")]
            assert "not known" in packed.read(name).decode()

    @pytest.mark.usefixtures("without_charts")
    def test_card_says_how_many_tests_it_holds(self, trained, studies):
        packed = zipfile.ZipFile(io.BytesIO(trained.bundle(studies=studies)))
        card = json.loads(packed.read("personalisation-card.json"))
        assert card["tests"] == 1 + 9 + 4  # the comparison, the controls, the learning curve
        said = "This card holds 14 tests, each at the 5 % level"
        assert said in packed.read("personalisation-card.md").decode()
        alone = zipfile.ZipFile(io.BytesIO(trained.bundle()))
        assert json.loads(alone.read("personalisation-card.json"))["tests"] == 1
        assert "This card holds" not in alone.read("personalisation-card.md").decode()

    def test_controls_on_some_labels_name_them_beside_the_own_gain_there(self, studies):
        known = studies.controls
        shared = Shared(known.own, ("one", "two"), ("three",))
        found = study_facts(replace(studies, controls=replace(known, shared=shared)))["controls"]
        assert found["shared_labels"] == {"has": ["one", "two"], "lacks": ["three"]}
        rows = [row[0] for row in tables.controls(found)]
        assert rows[-2:] == [
            "another person's samples, on one, two alone",
            "your samples, on one, two alone",
        ]

    def test_nothing_studied_says_why(self):
        found = study_facts(Studies(reasons=("Nobody asked.",)))
        assert found == {"controls": None, "samples_needed": None, "reasons": ["Nobody asked."]}
        assert cost_facts(None) is None


class TestInside:
    def test_layers_are_measured_against_the_base_model(self, inside, trained):
        base = trained.model.session().state()
        own = trained.saved[-1].state
        (layer,) = [one for one in inside.layers if "dense/kernel" in one.variables]
        pairs = [(own[name].ravel(), base[name].ravel()) for name in layer.variables]
        away = np.linalg.norm(np.concatenate([a - b for a, b in pairs]))
        size = np.linalg.norm(np.concatenate([b for _, b in pairs]))
        assert layer.relative == pytest.approx(away / size, rel=1e-5)

    def test_map_holds_both_kinds_of_samples(self, inside, trained):
        assert inside.map is not None
        assert inside.map.places.n == len(trained.own) + len(trained.test)
        assert inside.map.test.sum() == len(trained.test)

    def test_unknown_input_keeps_the_share_of_answers_that_it_says(self, inside, trained):
        facts = inside_facts(inside)
        assert facts["unknown_input"]["n"] == len(trained.test)
        assert facts["unknown_input"]["kept"] >= 0.95
        assert facts["temperature"]["n"] == len(trained.test)
        json.dumps(facts, allow_nan=False)

    def test_temperature_that_the_samples_do_not_fix_is_not_given(self):
        right = np.arange(12) % 3
        facts = inside_facts(Inside(temperature=fit_temperature(np.eye(3)[right] * 5, right)))
        got = facts["temperature"]
        assert (got["value"], got["calibration_error_after"]) == (None, None)
        assert got["held_out"] is False  # the card counts no test of it
        assert "do not fix a temperature" in got["sentence"]

    def test_temperature_is_not_of_samples_that_were_trained_on(self, trained):
        both = Samples(
            np.r_[trained.own.x, trained.test.x], np.r_[trained.own.y, trained.test.y],
            trained.own.labels,
        )  # fmt: skip
        with Worker.start(MODEL.read_bytes()) as worker:
            found = look_inside(worker, trained.own.labels, trained.own, both)
        assert found.temperature.n == found.unknown.n == len(trained.test)
        assert found.map.test.sum() == len(both)

    def test_unknown_input_is_told_by_one_of_base_test_samples_that_are_the_same(self, trained):
        base = trained.replay.take(np.array([*range(12), *[0] * 8]))
        with Worker.start(MODEL.read_bytes()) as worker:
            found = look_inside(worker, trained.own.labels, trained.own, base_test=base)
        assert found.unknown.n == 12

    def test_two_samples_make_no_map(self, trained):
        with Worker.start(MODEL.read_bytes()) as worker:
            found = look_inside(worker, trained.own.labels, trained.own.take(np.arange(2)))
        assert found.map is None
        assert found.unknown is None
        assert all(not layer.moved for layer in found.layers)


class TestBundle:
    def test_card_pages_and_charts_hold_the_studies(self, trained, studies, inside, unpack):
        folder = unpack(trained.bundle(studies=studies, inside=inside))
        card = json.loads((folder / "personalisation-card.json").read_text("utf-8"))
        assert card["studies"] == json.loads(json.dumps(study_facts(studies)))
        assert card["cost"]["steps"] == studies.cost.steps
        assert card["inside"]["map"]["n"] == 48
        text = (folder / "personalisation-card.md").read_text("utf-8")
        assert "egative controls" in text
        names = {path.stem for path in (folder / "charts").iterdir()}
        assert {"controls", "samples-needed", "layers", "map"} <= names
        html = (folder / "index.html").read_text("utf-8")
        assert studies.cost.network.sentence.split(" Meanwhile")[0][:40] in html
