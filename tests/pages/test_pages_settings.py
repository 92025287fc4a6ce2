"""Before a training: its settings, what it waits for, and what is said until then."""

from __future__ import annotations

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from odt_core.workspace import Part, Source
from pages.ui import samples_card
from pages.ui.desk import Desk
from tests.pages.conftest import APP
from tests.pages.page_text import progress, said
from tests.pages.pictures import picture, upload
from tests.pages.trainings import long_training, train


class TestTraining:
    def test_settings_when_the_first_page_is_opened_by_its_name_are_as_they_were(self, app):
        app.number_input(key="set_epochs").set_value(7).run()
        app.switch_page("pages/personalise.py").run()
        assert app.number_input(key="set_epochs").value == 7
        app.number_input(key="set_epochs").set_value(8).run()
        assert app.number_input(key="set_epochs").value == 8

    def test_settings_that_nobody_trained_with_are_there_when_the_page_is_loaded_anew(self, person):
        app, desk = person
        app.number_input(key="set_epochs").set_value(7).run()
        app.text_input(key="set_seed").set_value("5").run()
        again = AppTest.from_file(APP, default_timeout=60)
        again.query_params["w"] = app.session_state["odt_workspace"]
        again.run()
        assert again.number_input(key="set_epochs").value == 7
        assert again.text_input(key="set_seed").value == "5"
        assert (desk.settings.epochs, desk.settings.seed) == (7, 5)

    def test_settings_changed_in_a_row_are_one_step_back_and_the_samples_another(self, person):
        app, desk = person
        own, step = app.number_input(key="set_epochs").value, desk.workspace.undo_step
        for epochs in (7, 8, 0, 9):
            app.number_input(key="set_epochs").set_value(epochs).run()
            assert desk.settings.epochs == (epochs or 8)  # what cannot be is not kept
        assert app.button(key="undo").help == "Undo: change the settings"
        app.button(key="undo").click().run()
        assert app.number_input(key="set_epochs").value == own
        assert desk.workspace.undo_step == step

    def test_settings_when_another_tab_has_begun_a_training_are_not_changed_under_it(self, person):
        app, desk = person
        with long_training(desk):
            app.number_input(key="set_epochs").set_value(7).run()
            assert said(app) == "Training is paused. Stop it first, then change the settings."
            assert desk.settings.epochs == 2000

    def test_rate_of_a_model_with_its_own_can_be_taken_out_again(self, regression, monkeypatch):
        app, desk = regression
        monkeypatch.setattr(Desk, "sets_learning_rate", True)  # as one that is given it each step
        app.run()
        app.number_input(key="set_learning_rate").set_value(0.1).run()
        assert desk.settings.learning_rate == 0.1
        app.number_input(key="set_learning_rate").set_value(None).run()
        assert not app.error
        assert desk.settings.learning_rate is None

    def test_share_of_base_samples_is_told_as_what_a_batch_holds_at_least(self, app):
        told = app.slider(key="set_replay").help
        assert "at least this share, more while your samples show few labels" in told

    def test_samples_of_a_label_that_is_turned_off_do_not_count(self, person):
        app, desk = person
        label = desk.workspace.manifest.labels[3]
        resting = len(desk.workspace.manifest.samples_of(label.id, Part.TRAIN))
        before = len(desk.usable_samples(Part.TRAIN))
        desk.workspace.enable_label(label.id, False)
        assert (
            len(desk.usable_samples(Part.TRAIN))
            == before - resting
            == len(desk.samples(Part.TRAIN)) + len(desk.near_test())
        )
        app.run()
        shown = " ".join(html.value for html in app.html)
        assert f"{before - resting - len(desk.near_test())} samples to learn from" in shown

    def test_train_when_there_is_no_sample_waits_and_says_what_to_do(self, app):
        assert app.button(key="train").disabled
        assert "no samples to train on yet. Add some" in progress(app)

    def test_train_when_all_have_one_label_and_none_is_replayed_says_what_to_do(self, app):
        upload(app, ("a.png", picture()))
        assert "One sample is too few to train on" in progress(app)
        upload(app, ("b.png", picture(4)))
        app.slider(key="set_replay").set_value(0).run()
        assert app.button(key="train").disabled
        assert (
            "All samples so far are '0'. Add some of another label, or let base samples be "
            "replayed, then train."
        ) in progress(app)

    def test_one_label_is_trained_on_among_replayed_base_samples_of_others(self, app, desk_of):
        upload(app, ("a.png", picture()), ("b.png", picture(4)))
        train(app, desk_of(app), epochs=1)
        assert desk_of(app).trained

    def test_one_label_that_nothing_can_be_replayed_beside_is_too_few(self, app, desk_of):
        desk = desk_of(app)
        desk.choose_bundled("photos")
        cup = desk.workspace.add_label("cup").id
        two = [np.full((30, 30, 3), grey, np.uint8) for grey in (40, 200)]
        desk.workspace.add_samples(two, cup, Source.UPLOAD)
        assert desk.missing.endswith("Add some of another label, then train.")

    @pytest.mark.parametrize(
        ("key", "value", "expected"),
        [
            ("set_epochs", 20_000, "from 1 to 10000, not 20000"),
            ("set_batch_size", 0, "from 1 to 4096, not 0"),
            ("set_learning_rate", -0.5, "above 0, up to 100, not -0.5"),
        ],
    )
    def test_train_when_a_setting_is_out_of_range_says_so_once_and_trains_not(
        self, person, key, value, expected
    ):
        app, desk = person
        app.number_input(key=key).set_value(value).run()
        app.button(key="train").click().run()
        assert said(app).count(expected) == 1
        assert progress(app) == "Correct the settings, then press Train."
        assert desk.workspace.runs() == ()
        app.number_input(key=key).set_value(3).run()
        assert not app.error
        assert progress(app) != "Correct the settings, then press Train."

    def test_settings_when_they_are_not_the_models_own_are_not_called_good(self, person):
        app, _ = person
        assert progress(app) == "Press Train. The settings are good as they are."
        app.number_input(key="set_epochs").set_value(2000).run()
        assert progress(app) == "Press Train."

    @pytest.mark.parametrize(
        ("ways", "said"),
        [
            (("Upload",), "Upload some above."),
            (("Upload", "Camera", "Draw"), "Upload, photograph or draw some above."),
        ],
    )
    def test_hint_of_an_empty_shelf_names_the_ways_that_there_are(self, ways, said):
        assert samples_card._how(ways) == said

    def test_setting_when_out_of_range_is_not_called_good(self, person):
        app, _ = person
        app.number_input(key="set_epochs").set_value(0).run()
        assert progress(app) == "Correct the settings, then press Train."

    def test_seed_when_the_largest_is_the_one_that_is_used(self, person):
        app, desk = person
        app.text_input(key="set_seed").set_value(str(2**63 - 1))
        train(app, desk)
        assert desk.settings.seed == 2**63 - 1

    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("seven", "The seed must be a whole number, not 'seven'."),
            ("", "A setting is empty."),
            (str(2**63), "The seed must be a whole number from 0 to"),
        ],
    )
    def test_seed_when_it_is_none_says_so_and_trains_not(self, person, text, expected):
        app, desk = person
        app.text_input(key="set_seed").set_value(text).run()
        assert expected in said(app)
        app.button(key="train").click().run()
        assert desk.workspace.runs() == ()
