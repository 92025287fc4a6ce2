"""Models of numbers and words on the pages: tables and typed samples, with targets or without."""

from __future__ import annotations

import re
from html import unescape

import numpy as np

from odt_core.dialects.contract import Task
from odt_core.workspace import Part, Source
from tests.pages.own_models import (
    OTHERS,
    OURS,
    RNG,
    drop,
    every_part_of_evaluate,
    give,
    table,
    train,
)
from tests.pages.page_text import said, shown
from tests.sample_files import npz


class TestNumbers:
    def test_targets_of_a_csv_are_kept_and_tried(self, regression):
        app, desk = regression
        assert desk.task is Task.VALUES
        samples = desk.workspace.manifest.samples
        assert [s.label for s in samples] == [""] * 30
        first = desk.workspace.sample_array("s1")
        assert np.allclose(desk.workspace.sample_target("s1"), first[:2] * 2)
        train(app, desk)
        app.switch_page("pages/evaluate.py").run()
        assert "mean squared error, n = 6" in shown(app)
        assert "closer to their targets" in shown(app)
        app.switch_page("pages/checkpoints.py").run()
        assert "error" in shown(app)

    def test_table_of_another_width_says_so_and_adds_nothing(self, regression):
        app, desk = regression
        before = desk.workspace.manifest
        give(app, "wide.csv", b"1,2,3,4,5,6,7\n")
        assert "has 7 columns" in said(app)
        assert "3 feature columns, then 2 with the target values" in said(app)
        give(app, "word.csv", b"1,2,3,4,5\n1,x,3,4,5\n")
        assert "line 2, column 2: 'x' is not a number" in said(app)
        assert desk.workspace.manifest == before

    def test_picture_for_a_model_of_numbers_says_what_it_takes(self, regression):
        app, desk = regression
        before = desk.workspace.manifest
        for name, what in (
            ("cat.png", "no table, and this model takes numbers"),
            ("hum.wav", "sound, and this model's input"),
            ("hum.mp3", "packed sound or video: save its sound as .wav"),
            ("book.xlsx", "a spreadsheet: save its sheet as .csv"),
        ):
            give(app, name, b"\x89PNG")
            assert f"'{name}' is {what}" in said(app)
        assert desk.workspace.manifest == before

    def test_typed_sample_is_added_with_its_target(self, regression):
        app, desk = regression
        app.segmented_control(key="samples_way").set_value("Type").run()
        app.text_area(key="samples_typed").set_value("1; −2 0.5")
        app.text_input(key="samples_target").set_value("4, 5")
        next(one for one in app.button if one.label == "Add").click().run()
        assert not app.error, said(app)
        newest = desk.workspace.manifest.samples[-1]
        assert desk.workspace.sample_array(newest.id).tolist() == [1, -2, 0.5]
        assert desk.workspace.sample_target(newest.id).tolist() == [4, 5]

    def test_all_samples_are_those_that_this_model_learns(self, regression):
        app, desk = regression
        desk.workspace.add_samples([np.ones(3, np.float32)], "", Source.UPLOAD)  # without a target
        app.session_state["samples_open"] = ("label", "")
        app.switch_page("pages/personalise.py").run()
        assert "**Samples** · 30 samples" in [one.value for one in app.markdown]

    def test_words_and_yes_or_no_models_take_labels(self, app, desk_of):
        drop(app, OURS / "dialect_tokens.tflite")
        give(app, "texts.npz", npz(x=RNG.integers(0, 5, (12, 5)), y=np.arange(12) % 3))
        desk = desk_of(app)
        train(app, desk)
        drop(app, OURS / "dialect_binary.tflite")
        assert desk.task is Task.BINARY
        give(app, "mine.csv", table(RNG.normal(size=(12, 4)), np.arange(12) % 2))
        assert "12 samples of another kind" in shown(app) or desk.unfit()
        train(app, desk)

    def test_autoencoder_needs_no_labels(self, app, desk_of):
        drop(app, OURS / "dialect_autoencoder.tflite")
        give(app, "mine.csv", table(RNG.normal(size=(10, 12))))
        desk = desk_of(app)
        train(app, desk)
        app.switch_page("pages/personalise.py").run()
        assert "squared error" in shown(app)

    def test_samples_of_another_model_rest_and_are_not_lost(self, regression):
        app, desk = regression
        drop_again = OTHERS / "flutter_litert__training_model.tflite"
        app.switch_page("pages/model.py").run()
        app.file_uploader(key="drop_1").upload(drop_again.name, drop_again.read_bytes())
        app.run()
        app.switch_page("pages/personalise.py").run()
        assert "30 samples of another kind" in shown(app)
        assert len(desk.workspace.manifest.samples_of("", Part.TRAIN)) == 24

    def test_samples_of_another_model_are_not_newer_than_this_one(self, regression):
        app, desk = regression
        path = OURS / "dialect_autoencoder.tflite"
        app.switch_page("pages/model.py").run()
        app.file_uploader(key="drop_1").upload(path.name, path.read_bytes()).run()
        app.switch_page("pages/personalise.py").run()
        give(app, "rows.csv", table(RNG.normal(size=(10, 12))))
        train(app, desk)
        assert not desk.stale()


class TestSeveralInputs:
    """Two ids and two numbers a sample: tests/runtime/build_dialects.py, ratings."""

    def test_table_with_a_header_trains_and_every_page_knows_its_parts(self, app, desk_of):
        drop(app, OURS / "dialect_ratings.tflite")
        desk = desk_of(app)
        assert "'film' (1 number), 'mood' (2 numbers), 'person' (1 number)" in unescape(shown(app))
        assert not [one for one in app.selectbox if one.key == "map_samples"]
        film, person = np.arange(40) % 30, np.arange(40) % 20
        rows = table(person, film % 5, RNG.integers(0, 9, (40, 2)), film)
        give(app, "mine.csv", b"person,rated,mood,mood,film\n" + rows)
        assert not said(app)
        assert "in this order: 'film' (1 number)" in unescape(shown(app))
        kept = np.concatenate([desk.samples(part).x for part in (Part.TRAIN, Part.TEST)])
        assert sorted(kept[:, 0]) == sorted(film)
        assert sorted(kept[:, 3]) == sorted(person)
        train(app, desk)
        app.segmented_control(key="samples_way").set_value("Type").run()
        assert re.search(r"film \d+ · mood \d+, \d+ · person \d+", shown(app))
        app.segmented_control(key="try_way").set_value("Type").run()
        for key in ("samples_typed", "try_typed"):  # the names are the file's: no Markdown
            typing = next(one for one in app.text_area if one.key == key)
            assert typing.label == r"4 numbers, with commas between\: film, mood \(2\), person"
        assert app.text_area(key="samples_typed").placeholder == "1, 1.2, −3 …"  # film is an id
        for page in ("evaluate", "checkpoints", "model"):
            app.switch_page(f"pages/{page}.py").run()
            assert not app.exception
            assert not said(app), page

    def test_columns_of_other_names_are_not_guessed(self, app, desk_of):
        drop(app, OURS / "dialect_ratings.tflite")
        give(app, "mine.csv", b"user,rated,mood,mood,film\n1,2,3,4,5\n")
        assert "no column named 'person'" in said(app)
        assert not desk_of(app).workspace.manifest.samples


class TestSampleThatIsLearntAgainBesideItsCondition:
    """Windows of 8 × 2 and three numbers more: tests/runtime/build_dialects.py, conditional."""

    def test_it_trains_without_labels_and_every_page_compares_the_window_alone(self, app, desk_of):
        drop(app, OURS / "dialect_conditional.tflite")
        desk = desk_of(app)
        assert desk.contract.given_back == "signal"
        signal = RNG.normal(size=(20, 8, 2)).astype(np.float32)
        condition = RNG.normal(size=(20, 3)).astype(np.float32)
        give(app, "mine.npz", npz(signal=signal, condition=condition))
        assert not said(app)
        assert len(desk.usable_samples()) == 20
        train(app, desk)
        assert "squared error" in shown(app)
        every_part_of_evaluate(app)
        app.switch_page("pages/model.py").run()
        assert not said(app)
