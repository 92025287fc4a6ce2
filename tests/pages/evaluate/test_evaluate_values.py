"""The Evaluate page of models that answer with numbers or pictures, not with labels."""

from __future__ import annotations

import re

import numpy as np
import pytest

from odt_core.dialects.contract import Task
from odt_core.evaluation import Evaluation, compare
from odt_core.evaluation.evaluation import errors_each
from odt_core.workspace import Part, Source
from pages.ui.evaluate.judged import judged
from pages.ui.evaluate.values import off
from pages.ui.numbers import first_of
from tests.pages.evaluate.parts import MODELS, over_time_data, visit
from tests.pages.page_text import said, shown


class TestValues:
    """Models without a label for each sample: how near their answers are, sample by sample."""

    @pytest.fixture
    def learnt(self, app, desk_of):
        def learn(name: str):
            desk = desk_of(app)
            desk.choose_uploaded((MODELS / name).read_bytes(), name)
            rng = np.random.default_rng(3)
            items = list(rng.normal(size=(30, *desk.card.input_shape)).astype(np.float32))
            shape, targets = desk.contract.target_shape, []
            if desk.contract.tells_places:
                targets = [rng.integers(0, 2, shape).astype(np.float32) for _ in items]
            elif desk.task is Task.VALUES:
                targets = list(rng.normal(size=(30, *shape)).astype(np.float32))
            desk.workspace.add_samples(items, "", Source.UPLOAD, targets=targets)
            assert desk.train(desk.settings).wait(60)
            return desk

        return learn

    def test_mistakes_of_numbers_are_the_samples_that_came_nearer_and_the_others(self, app, learnt):
        desk = learnt("dialect_regression.tflite")
        one = judged(desk, own=True)
        changed = compare(one.base, one.own)
        visit(app, "Mistakes")
        groups = app.segmented_control(key="gallery_of_values")
        assert groups.options == [
            f"Nearer · {len(changed.fixed)}",
            f"Farther · {len(changed.broken)}",
            f"All, worst first · {one.own.n}",
        ]
        groups.set_value("All, worst first").run()
        worst = int(errors_each(one.own).argmax())
        truth = first_of(one.own.truth[worst], 4)
        assert re.search(r"<figcaption>is (.*?)</figcaption>", shown(app))[1] == truth
        assert not app.error

    @pytest.mark.parametrize("name", ["dialect_pixels.tflite", "dialect_autoencoder.tflite"])
    def test_mistakes_of_pictures_show_target_and_both_answers(self, app, learnt, name):
        desk = learnt(name)
        visit(app, "Mistakes")
        app.segmented_control(key="gallery_of_values").set_value("All, worst first").run()
        assert not app.error, said(app)
        rows = [html.value for html in app.html if "odt-pictures" in html.value]
        assert len(rows) == len(desk.samples(Part.TEST))
        assert re.findall("<figcaption>(.*?)</figcaption>", rows[0]) == [
            "Sample", "Target", "Base model", "Your model",
        ]  # fmt: skip

    def test_blind_test_takes_numbers_of_the_audience_and_asks_which_is_better(self, app, learnt):
        desk = learnt("dialect_regression.tflite")
        visit(app, "Blind test")
        way = app.segmented_control(key="blind_way")
        assert way.options == ["Test samples", "Type", "Upload"]
        way.set_value("Type").run()
        typed = next(area for area in app.text_area if area.key.startswith("blind_typed"))
        typed.set_value("1, x").run()
        assert "is not a number" in said(app)
        assert app.button(key="vote_a").disabled
        numbers = ", ".join(["0.5"] * int(np.prod(desk.card.input_shape)))
        typed.set_value(numbers).run()
        assert not app.error
        votes = [b.label for b in app.button if b.key.startswith("vote_")]
        assert votes == ["A is better", "B is better", "Equally good"]
        app.button(key="vote_equal").click().run()
        app.button(key="reveal").click().run()
        assert "rounds judged better" in shown(app)
        assert "nobody preferred" in shown(app)

    def test_blind_test_takes_a_row_of_a_file(self, app, learnt):
        desk = learnt("dialect_regression.tflite")
        visit(app, "Blind test")
        app.segmented_control(key="blind_way").set_value("Upload").run()
        size, wanted = int(np.prod(desk.card.input_shape)), desk.contract.target_shape[0]
        names = [f"x{k}" for k in range(size)] + [f"y{k}" for k in range(wanted)]
        row = ",".join(["0.25"] * size + ["2"] * wanted)
        table = ",".join(names) + "\n" + row + "\n"
        app.file_uploader[0].upload("one.csv", table.encode(), "text/csv").run()
        assert not app.error, said(app)
        assert f"It should be {', '.join(['2'] * wanted)}." in shown(app)
        assert not app.button(key="vote_equal").disabled

    def test_scrubber_shows_pictures_of_every_checkpoint(self, learnt):
        data = over_time_data(learnt("dialect_pixels.tflite"))
        stops = len(data["stops"])
        assert all(len(face["answers"]) == len(face["says"]) == stops for face in data["faces"])
        assert len(data["faces"]) == 6
        assert data["stops"][0]["remark"] == "pixels right, n = 6"

    def test_scrubber_says_the_numbers_of_every_checkpoint(self, learnt):
        data = over_time_data(learnt("dialect_regression.tflite"))
        assert data["stops"][0]["remark"] == "mean squared error, n = 6"
        number = r"−?[\d.e−+]+"
        says = data["faces"][0]["says"][-1]
        assert re.fullmatch(f"{number}, {number} · squared error {number}", says)

    def test_distance_of_one_number_is_in_its_unit(self):
        said, is_ = (np.array([[one]], np.float32) for one in (1.5, 2.0))
        one = Evaluation(1, None, None, None, said, None, is_, 0.25, 0.5)
        assert off(one, 0) == "off by 0.5"
