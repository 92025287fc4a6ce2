"""The base side of a model that begins without labels: its backbone's answers, or nobody's."""

from __future__ import annotations

import re
from html import unescape

import numpy as np
import pytest
from sklearn.datasets import load_sample_image
from streamlit.testing.v1 import AppTest

from odt_core.evaluation import load_base_labels
from odt_core.training import Settings
from odt_core.workspace import Part, Source
from pages.ui.evaluate.judged import judged


def cuts(name: str, rng: np.random.Generator, n: int = 8) -> list[np.ndarray]:
    """Squares of a real photo."""
    photo, found = load_sample_image(name), []
    for _ in range(n):
        side = int(rng.integers(250, 400))
        top, left = (int(rng.integers(0, size - side)) for size in photo.shape[:2])
        found.append(photo[top : top + side, left : left + side])
    return found


@pytest.fixture
def photos(app: AppTest, desk_of):
    """A desk with the photo model and eight photos of each of two labels."""
    desk = desk_of(app)
    desk.choose_bundled("photos")

    def fill(flower: str, palace: str):
        rng = np.random.default_rng(0)
        for name, file in ((flower, "flower.jpg"), (palace, "china.jpg")):
            label = desk.workspace.add_label(name)
            desk.workspace.add_samples(cuts(file, rng), label.id, Source.UPLOAD)
        return desk

    return fill


def train(desk) -> None:
    run = desk.train(Settings.from_json(desk.card.settings))
    assert run.wait(60)
    assert not desk.busy


class TestBaseSide:
    def test_base_when_labels_are_among_imagenets_answers_with_the_backbone(self, photos):
        desk = photos("Flowers", "palace")
        assert desk.base_side.known == ("Flowers", "palace")
        assert desk.base_side.of == 1000
        scores = desk.scores(*desk.test_sets()[0][::-1])
        assert scores.base.accuracy == 1.0
        said = desk.answers(cuts("flower.jpg", np.random.default_rng(1), 1)[0])
        assert said.base[:2].argmax() == 0
        assert said.base.sum() == pytest.approx(1, abs=1e-5)
        assert said.seen in load_base_labels(desk.card.base_labels).labels
        assert said.own[:2] == pytest.approx(0.5)  # it has learnt nothing yet

    def test_burst_of_a_thing_that_does_not_move_is_no_proof(self, photos):
        """All its samples are alike: they are trained on, and its tests judge nothing."""
        desk = photos("Flowers", "palace")
        judges, left_out = desk.tests_to_judge_by()
        before = len(judges)
        assert not left_out
        still, rng = cuts("flower.jpg", np.random.default_rng(1), 1)[0], np.random.default_rng(2)
        burst = [np.clip(still + rng.normal(0, 2, still.shape), 0, 255) for _ in range(10)]
        label = desk.workspace.add_label("Vase")
        desk.workspace.add_samples([one.astype(np.uint8) for one in burst], label.id, Source.CAMERA)
        assert desk.all_alike() == (label.id,)
        test = desk.samples(Part.TEST)
        assert before < len(test)
        assert desk.leak().seen.tolist() == np.flatnonzero(test.y == 2).tolist()
        judges, left_out = desk.tests_to_judge_by()
        assert len(judges) == before
        assert left_out.endswith(f"nothing of new ones. The other {before} judge this.")
        assert desk.scores(test, desk.test_name()).own.different == before + 1

    def test_base_when_no_label_is_among_them_is_the_untrained_head(self, photos):
        desk = photos("Blorb", "Zwingel")
        assert desk.base_side.known == ()
        said = desk.answers(cuts("flower.jpg", np.random.default_rng(1), 1)[0])
        assert said.base[:2] == pytest.approx(0.5)

    def test_base_when_it_sees_none_of_its_labels_is_not_sure(self, photos):
        desk = photos("Blorb", "fire engine")
        rng = np.random.default_rng(1)
        assert desk.answers(cuts("flower.jpg", rng, 1)[0]).base_unknown

    def test_base_by_file_is_the_untrained_head_whatever_the_labels(self, photos):
        desk = photos("Flowers", "palace")
        train(desk)
        name, samples = desk.test_sets()[0]
        assert desk.scores_by_file(desk.worker(), samples, name).base.accuracy == 0.5
        assert desk.scores(samples, name).base.accuracy == 1.0

    def test_base_of_the_digits_model_is_simply_that_model(self, app, desk_of):
        assert desk_of(app).base_side is None


class TestScreens:
    def test_evaluate_when_labels_are_known_says_whose_answers_the_base_side_has(self, app, photos):
        photos("Flowers", "Zwingel")
        app.switch_page("pages/evaluate.py").run()
        assert not app.exception
        notes = " ".join(html.value for html in app.html) + " ".join(m.value for m in app.caption)
        assert "It knows “Flowers” but not “Zwingel”, so it never answers “Zwingel”" in notes

    @pytest.mark.parametrize(("labels", "told"), [(("Flowers", "Zwingel"), 1), (("Blorb", "X"), 0)])
    def test_figures_whose_base_side_is_the_untrained_head_say_so_where_others_are_not(
        self, app, photos, labels, told
    ):
        train(photos(*labels))
        app.switch_page("pages/evaluate.py").run()
        for part, where, cards in (("Evidence", "in the bundle", 1), ("Studies", "here", 2)):
            app.segmented_control(key="evaluate_part").set_value(part).run()
            assert not app.exception
            said = unescape(" ".join(html.value for html in app.html))
            head = f"Base model {where}: the file's untrained head, which answers by chance, not "
            assert said.count(f"{head}what its backbone knows of “Flowers”.") == told * cards
            assert said.count("untrained head") == told * cards

    def test_gain_on_labels_that_the_backbone_does_not_know_is_told_apart(self, app, photos):
        desk = photos("Flowers", "Zwingel")
        train(desk)
        desk.scores(desk.samples(Part.TEST), desk.test_name())
        app.run()
        words = " ".join(html.value for html in app.html)
        assert "On the labels that the base model knows: 1 → 1 of 1 right." in words
        app.switch_page("pages/evaluate.py").run()
        assert not app.exception
        words = " ".join(html.value for html in app.html)
        assert (
            "1 of the 2 samples is of “Zwingel”, which the base model never learnt: it is wrong "
            "about it. On the other 1: 100.0 % → 100.0 %."
        ) in words
        for part in ("Mistakes", "Over time"):
            app.segmented_control(key="evaluate_part").set_value(part).run()
            assert not app.exception
            assert "so it never answers" in " ".join(html.value for html in app.html)

    def test_line_of_a_run_when_samples_are_newer_says_what_it_said(self, app, photos):
        desk = photos("Flowers", "Zwingel")
        train(desk)
        desk.scores(desk.samples(Part.TEST), desk.test_name())
        app.run()
        before = desk.result()
        assert before.of_now
        label = desk.workspace.add_label("Third")
        rng = np.random.default_rng(5)
        desk.workspace.add_samples(cuts("china.jpg", rng), label.id, Source.UPLOAD)
        desk.scores(desk.samples(Part.TEST), desk.test_name())  # of now: others
        after = desk.result()
        assert (after.scores, after.claims, after.of_now) == (before.scores, before.claims, False)
        app.run()
        assert "on your test samples as they were then" in " ".join(h.value for h in app.html)
        while any(one.name == "Third" for one in desk.workspace.manifest.labels):
            desk.workspace.undo()
        assert desk.result().scores == before.scores

    @pytest.mark.parametrize(
        ("labels", "says"),
        [
            (("Flowers", "palace"), r"base Flowers · \d+\u00a0%"),
            (("Flowers", "Zwingel"), "base Flowers, the only one it knows"),
            (("Blorb", "Zwingel"), "base –"),
        ],
    )
    def test_gallery_says_how_sure_the_backbone_is_where_it_has_a_choice(
        self, photos, labels, says
    ):
        desk = photos(*labels)
        assert re.fullmatch(says, judged(desk, own=True).face(desk, 0).base)

    @pytest.mark.parametrize(("second", "judged"), [("palace", 2), ("Zwingel", 1)])
    def test_confidences_of_a_base_side_that_has_no_choice_are_not_judged(
        self, app, photos, second, judged
    ):
        train(photos("Flowers", second))
        app.switch_page("pages/evaluate.py").run()
        app.segmented_control(key="evaluate_part").set_value("Confidence").run()
        assert not app.exception
        shown = " ".join(html.value for html in app.html)
        assert shown.count("is off by") == judged
        assert "your test samples · 95 % interval" in shown  # the threshold is from training

    def test_temperature_is_of_your_model_alone(self, app, photos):
        train(photos("Flowers", "palace"))
        app.switch_page("pages/evaluate.py").run()
        app.segmented_control(key="evaluate_part").set_value("Confidence").run()
        app.button(key="fit_temperature").click().run()
        assert not app.exception
        assert list(app.session_state["temperature_fitted"][1]) == ["Your model"]

    def test_blind_test_of_photos_takes_uploads_photos_and_test_samples(self, app, photos):
        train(photos("Flowers", "Zwingel"))
        app.switch_page("pages/evaluate.py").run()
        app.segmented_control(key="evaluate_part").set_value("Blind test").run()
        ways = app.segmented_control(key="blind_way")
        assert ways.options == ["Upload", "Camera", "Test samples"]
        assert ways.value == "Upload"
        for way in ways.options:
            app.segmented_control(key="blind_way").set_value(way).run()
            assert not app.exception

    def test_model_page_says_what_the_model_is_not_for(self, app, photos):
        photos("Flowers", "palace")
        app.switch_page("pages/model.py").run()
        assert not app.exception
        shown = " ".join(e.value for e in (*app.html, *app.caption, *app.markdown, *app.table))
        assert "identifying people" in shown
        assert "Tells up to 32 labels of yours apart, from pictures" in shown

    def test_model_page_when_a_step_is_timed_then_shows_its_ops_and_who_runs_them(self, app):
        app.switch_page("pages/model.py").run()
        app.button(key="profile").click().run()
        assert not app.exception
        shown = " ".join(html.value for html in app.html)
        assert "BATCH_MATMUL" in shown
        assert "XNNPACK" in shown
        assert "Variables and moving" in shown


class TestUnknown:
    def test_far_pictures_are_not_sure_and_known_ones_are_answered(self, photos):
        desk = photos("Flowers", "palace")
        train(desk)
        rng = np.random.default_rng(2)
        noise = [rng.integers(0, 256, (160, 160, 3)).astype(np.uint8) for _ in range(5)]
        known = cuts("flower.jpg", rng, 5) + cuts("china.jpg", rng, 5)
        assert all(desk.answers(item).unknown for item in noise)
        assert sum(desk.answers(item).unknown for item in known) <= 2
        assert all(desk.answers(item).base_unknown for item in noise)

    def test_nothing_is_strange_before_training(self, photos):
        desk = photos("Flowers", "palace")
        assert desk.familiar() is None
        assert not desk.answers(np.zeros((160, 160, 3), np.uint8)).unknown


def test_training_when_labels_are_new_beats_the_untrained_head(photos):
    desk = photos("Blorb", "Zwingel")
    train(desk)
    scores = desk.scores(*desk.test_sets()[0][::-1])
    assert scores.own.accuracy == 1.0
    assert scores.base.accuracy == 0.5
