"""The Evaluate page: every part with no, one and many samples, and what it leads to."""

from __future__ import annotations

import numpy as np
import pytest

from odt_core.workspace import Part, Source
from pages.ui.evaluate.parts import PARTS
from tests.pages.evaluate.parts import MODELS, run_job, visit
from tests.pages.page_text import said, shown
from tests.pages.trainings import long_training


def way_on(app) -> list[str]:
    """Links of the page itself (AppTest opens it without the frame around all pages)."""
    return [link.proto.label for link in app.get("page_link")]


class TestPage:
    def test_part_when_another_page_was_open_is_open_still(self, app):
        visit(app, "Studies")
        app.switch_page("pages/personalise.py").run()
        app.switch_page("pages/evaluate.py").run()
        assert app.segmented_control(key="evaluate_part").value == "Studies"

    @pytest.mark.parametrize("page", ["evaluate", "checkpoints"])
    def test_page_says_which_model_it_is_about_and_its_state(self, trained, page):
        app, desk = trained
        app.switch_page(f"pages/{page}.py").run()
        steps = desk.run.snapshot().step
        assert f"Handwritten digits · personalised · {steps} steps" in shown(app)


class TestUntested:
    def test_bursts_when_all_are_for_training_are_said_to_stay_together(self, app, desk_of):
        desk = desk_of(app)
        rng = np.random.default_rng(0)
        for label in desk.workspace.manifest.labels[:2]:
            desk.workspace.add_samples(
                list(rng.integers(0, 255, (10, 28, 28)).astype(np.uint8)),
                label.id,
                Source.CAMERA,
                take=f"burst of {label.name}",
            )
        assert desk.usable_samples(Part.TEST) == ()
        visit(app, "Result")
        assert "from the third burst of a label on one is set aside whole" in shown(app)
        assert "add three or more" not in shown(app)

    def test_samples_when_there_are_none_are_to_be_added(self, app):
        visit(app, "Test samples")
        assert "add three or more of a label on the Personalise page" in shown(app)


class TestUntrained:
    def test_every_part_leads_to_where_it_is_trained(self, app):
        for part in PARTS:
            visit(app, part)
            assert way_on(app) == ["Go to Personalise"], part
            assert "first page" not in shown(app), part

    def test_what_both_models_share_is_said_once(self, app):
        visit(app, "Result")
        assert shown(app).count("99.1 %") == 1
        assert "How sure is that?" not in shown(app)
        visit(app, "Confidence")
        assert shown(app).count("expected calibration error, n = 1,000") == 1
        visit(app, "Mistakes")
        assert app.selectbox(key="cell_model").options == ["Base model"]

    def test_trained_model_without_test_samples_is_led_to_some(self, trained):
        app, desk = trained
        desk.workspace.move_samples([s.id for s in desk.usable_samples(Part.TEST)], Part.TRAIN)
        visit(app, "Studies")
        assert way_on(app) == ["Go to Personalise"]

    def test_trained_model_needs_no_way_back(self, trained):
        app, _ = trained
        visit(app, "Result")
        assert way_on(app) == []


class TestEveryPart:
    def test_parts_when_there_are_no_samples_say_what_to_do(self, app):
        for part in PARTS:
            visit(app, part)
            assert not app.error, (part, said(app))
        assert "Not trained yet" in shown(app)

    def test_parts_when_there_is_one_sample_show_no_error(self, app, desk_of):
        desk = desk_of(app)
        label = desk.workspace.manifest.labels[3]
        desk.workspace.add_samples([np.full((28, 28), 9, np.uint8)], label.id, Source.DRAW)
        for part in PARTS:
            visit(app, part)
            assert not app.error, (part, said(app))

    def test_parts_when_trained_show_figures_with_n(self, trained):
        app, _ = trained
        seen = {}
        for part in PARTS:
            visit(app, part)
            assert not app.error, (part, said(app))
            seen[part] = shown(app)
        assert "of 60 right" in seen["Result"]
        assert "of 1,000 right" in seen["Result"]
        assert "p = " in seen["Result"]
        assert "n = 60" in seen["Mistakes"]
        assert "Locked for testing" in seen["Test samples"]
        assert "Model A" in seen["Blind test"]
        assert "is off by" in seen["Confidence"]
        assert "less is better · expected calibration error, n = 60" in seen["Confidence"]
        assert "“Not sure” when less sure than" in seen["Confidence"]
        assert "of 60: your test samples · the threshold was chosen on these" in seen["Confidence"]
        assert "weights in 5 layers" in seen["Inside"]

    @pytest.mark.parametrize("name", ["dialect_regression.tflite", "dialect_binary.tflite"])
    def test_parts_when_the_model_is_of_another_task_show_no_error(self, app, desk_of, name):
        desk = desk_of(app)
        desk.choose_uploaded((MODELS / name).read_bytes(), name)
        rng = np.random.default_rng(3)
        shape = desk.card.input_shape
        if desk.tells_labels:
            for label in desk.workspace.manifest.labels:
                items = list(rng.normal(size=(6, *shape)).astype(np.float32))
                desk.workspace.add_samples(items, label.id, Source.UPLOAD)
        else:
            items = list(rng.normal(size=(10, *shape)).astype(np.float32))
            targets = list(rng.normal(size=(10, *desk.contract.target_shape)).astype(np.float32))
            desk.workspace.add_samples(items, "", Source.UPLOAD, targets=targets)
        app.run()
        app.button(key="train").click().run()
        assert desk.run is not None, said(app)
        assert desk.run.wait(60)
        for part in PARTS:
            visit(app, part)
            assert not app.error, (part, said(app))
        visit(app, "Studies")
        found = run_job(app, desk, "needed", "the study of samples needed")
        app.run()
        assert not app.error, said(app)
        assert found.sentence[:30] in shown(app)
        visit(app, "Evidence")
        app.toggle(key="evidence_whole").set_value(False).run()
        assert run_job(app, desk, "evidence", "the evidence bundle").data
        app.run()
        assert not app.error, said(app)


class TestMoment:
    @pytest.mark.parametrize("part", ["Mistakes", "Confidence"])
    def test_part_when_a_training_is_active_says_that_its_figures_are_of_one_moment(
        self, trained, part
    ):
        app, desk = trained
        with long_training(desk):
            visit(app, part)
            assert "figures here are of one moment" in shown(app)
        app.run()
        assert "of one moment" not in shown(app)


class TestWithoutTestSamples:
    def test_only_what_asks_test_samples_waits_for_them(self, app, desk_of):
        desk = desk_of(app)
        rng = np.random.default_rng(0)
        for label in desk.workspace.manifest.labels[:2]:
            items = list(rng.integers(0, 255, (2, 28, 28), np.uint8))
            desk.workspace.add_samples(items, label.id, Source.DRAW)
        assert desk.entries(Part.TEST) == ()
        visit(app, "Studies")
        waits = {
            key: app.button(key=f"{key}_run").disabled for key in ("controls", "needed", "cost")
        }
        assert waits == {"controls": True, "needed": True, "cost": False}
        visit(app, "Forget")
        found = run_job(app, desk, "forget", "unlearning")
        assert found.unlearned.identical
