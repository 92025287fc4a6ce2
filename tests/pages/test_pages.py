"""Every page is launched; what a person can do on them changes what it should, and nothing else."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import time
import warnings
import zipfile
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from odt_core.bundled import bundled_models, find_card
from odt_core.checkpoint import (
    Checkpoint,
    CheckpointMeta,
    Tempering,
    load_checkpoint,
    save_checkpoint,
)
from odt_core.errors import CheckpointError, LabelError, TrainingError, WorkspaceError
from odt_core.workspace import CheckpointInfo, Kind, Part, Source
from pages.ui import people, sample_dialogs, samples_card, timeline, train_card, trouble
from pages.ui.desk import BASE_TEST, Desk
from pages.ui.desk.worker import bundled_path
from pages.ui.packed import MARK
from pages.ui.run import Phase
from pages.ui.shelf import Act
from pages.ui.undo import take_step
from tests.pages.trainings import long_training

PAGES = ["personalise", "evaluate", "checkpoints", "model"]
ROOT = Path(__file__).resolve().parents[2]
APP = str(ROOT / "app.py")

# In a process of its own: other tests of this one import TensorFlow.
EVERYTHING = f"""
import sys
from streamlit.testing.v1 import AppTest
from pages.ui.desks import all_desks
app = AppTest.from_file(sys.argv[1], default_timeout=60).run()
app.button(key="example").click().run()
app.button(key="train").click().run()
desk = all_desks().open(app.session_state["odt_workspace"])
assert desk.run.wait(60)
for page in {PAGES}:
    app.switch_page(f"pages/{{page}}.py").run()
    assert not app.exception
all_desks().close()
print(*sys.modules)
"""


def picture(digit_like: int = 0) -> bytes:
    sheet = np.full((60, 60), 255, np.uint8)
    sheet[10:50, 20 + digit_like : 28 + digit_like] = 0
    out = io.BytesIO()
    Image.fromarray(sheet).save(out, "PNG")
    return out.getvalue()


def upload(app, *files):
    """Choose Upload on card 1 and give it files."""
    app.segmented_control(key="samples_way").set_value("Upload").run()
    widget = app.file_uploader[0]
    for name, data in files:
        widget.upload(name, data)
    return app.run()


def given_together(*files: tuple[str, bytes]) -> bytes:
    """As assets/components/packing.js packs them."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        archive.comment = MARK.encode()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # a name may come twice
            for name, content in files:
                archive.writestr(name, content)
    return data.getvalue()


def train(app, desk, epochs=3):
    app.number_input(key="set_epochs").set_value(epochs)
    app.button(key="train").click().run()
    assert desk.run is not None, [error.value for error in app.error]
    assert desk.run.wait(60)
    return app.run()


def interrupt(app, desk, entry) -> None:
    """As if the server had died in a run that had come to this checkpoint."""
    run = desk.workspace.start_run()
    record = {"kind": "checkpoint", "checkpoint": entry.id, "step": entry.info.step}
    desk.workspace.append_run(run, [record])
    app.run()


def upload_with_labels(desk, *names: str | None) -> None:
    """Your model as from elsewhere, trained with these labels of one's own."""
    mine = my_checkpoint(desk).meta.labels
    labels = (*mine[:10], *names, *mine[10 + len(names) :])
    desk.add_uploaded_checkpoint(mine_with(desk, labels=labels), "other.safetensors")


def refused_upload(app, desk, data: bytes) -> str:
    """What the page says of a checkpoint that it takes nothing of."""
    before = desk.workspace.manifest
    app.switch_page("pages/checkpoints.py").run()
    app.file_uploader[0].upload("other.safetensors", data)
    app.run()
    assert desk.workspace.manifest == before
    return said(app)


def my_checkpoint(desk) -> Checkpoint:
    return load_checkpoint(desk.workspace.checkpoint_bytes(desk.workspace.manifest.head))


def mine_with(desk, **meta) -> bytes:
    """Your model as a file that says something else about itself."""
    mine = my_checkpoint(desk)
    return save_checkpoint(replace(mine, meta=replace(mine.meta, **meta)))


def said(app) -> str:
    return " ".join(error.value for error in app.error).replace("\\", "")


def shown(app) -> str:
    return " ".join(html.value for html in app.html)


def warm(desk) -> bool:
    """Wait for the warm-up; whether it ended."""
    for _ in range(300):
        if desk._warm_at == desk._moment:
            return True
        time.sleep(0.1)
    return False


def progress(app) -> str:
    """What stands at the progress bar."""
    return app.get("progress")[0].proto.text.replace("\\", "")


@pytest.fixture
def person(app, desk_of):
    """The app with an example person's samples, and its desk."""
    app.button(key="example").click().run()
    return app, desk_of(app)


@pytest.fixture
def trained(person):
    app, desk = person
    return train(app, desk), desk


class TestEveryPage:
    @pytest.mark.parametrize("page", PAGES)
    def test_page_when_new_shows_no_error(self, app, page):
        app.switch_page(f"pages/{page}.py").run()
        assert not app.exception
        assert not app.error, said(app)

    @pytest.mark.parametrize("page", PAGES)
    def test_page_when_trained_shows_no_error(self, trained, page):
        app, _ = trained
        app.switch_page(f"pages/{page}.py").run()
        assert not app.exception
        assert not app.error, said(app)

    def test_pages_when_everything_was_used_never_import_what_is_large(self, tmp_path):
        run = subprocess.run(
            [sys.executable, "-c", EVERYTHING, APP],
            cwd=ROOT,
            env={**os.environ, "ODT_WORKSPACES": str(tmp_path)},
            capture_output=True,
            text=True,
        )
        loaded = set(run.stdout.split())
        assert "streamlit" in loaded, run.stderr
        assert {"tensorflow", "keras", "pandas", "pyarrow"} & loaded == set()


class TestAddress:
    def test_address_when_opened_again_finds_the_same_samples(self, person):
        from streamlit.testing.v1 import AppTest

        app, _ = person
        again = AppTest.from_file(APP, default_timeout=60)
        again.query_params["w"] = app.session_state["odt_workspace"]
        again.run()
        assert any("set aside for testing" in html.value for html in again.html)

    def test_address_when_unknown_starts_a_new_workspace_and_says_so(self, app):
        from streamlit.testing.v1 import AppTest

        other = AppTest.from_file(APP, default_timeout=60)
        other.query_params["w"] = "nobody-has-this-one-xx"
        other.run()
        assert other.session_state["odt_workspace"] != app.session_state["odt_workspace"]
        assert "no workspace behind this link" in said(other)
        assert said(other).endswith("You are in a new one now.")

    def test_address_when_unknown_leads_back_to_the_visitors_own_workspace(self, app):
        own = app.session_state["odt_workspace"]
        app.query_params["w"] = "nobody-has-this-one-xx"
        app.run()
        assert app.session_state["odt_workspace"] == own
        assert own in app.query_params["w"]
        assert "no workspace behind this link" in said(app)
        assert said(app).endswith("You are back in your own.")
        app.run()
        assert "no workspace behind this link" not in said(app)


class TestSamples:
    def test_example_person_when_clicked_fills_every_label(self, person):
        _, desk = person
        manifest = desk.workspace.manifest
        assert {s.source for s in manifest.samples} == {Source.EXAMPLE}
        assert all(manifest.samples_of(label.id) for label in manifest.labels)
        assert all(manifest.samples_of(label.id, Part.TEST) for label in manifest.labels)

    def test_example_person_when_double_clicked_is_one_person(self, person):
        app, desk = person
        app.session_state[people._LOADED] = time.monotonic()  # at once, however slow the machine is
        app.button(key="example").click().run()
        assert len(desk.workspace.steps_done()) == 1

    def test_example_person_when_clicked_again_later_is_another_one(self, person):
        app, desk = person
        app.session_state[people._LOADED] -= people._SAME_PRESS
        before = len(desk.workspace.manifest.samples)
        app.button(key="example").click().run()
        assert len(desk.workspace.manifest.samples) > before

    def test_label_when_chosen_is_still_chosen_after_a_reload(self, app, desk_of):
        from streamlit.testing.v1 import AppTest

        desk = desk_of(app)
        label = desk.workspace.manifest.labels[3]
        samples_card._acted(desk, Act("choose", label.id))
        again = AppTest.from_file(APP, default_timeout=60)
        again.query_params["w"] = app.session_state["odt_workspace"]
        again.run()
        upload(again, ("a.png", picture()))
        assert [s.label for s in desk.workspace.manifest.samples] == [label.id]
        assert desk.workspace.steps_done() == ["add 1 sample to '3'"]

    def test_camera_says_how_long_its_pictures_stay(self, app):
        app.segmented_control(key="samples_way").set_value("Camera").run()
        assert "stay in this workspace until Delete everything, under Reset." in shown(app)
        assert app.button(key="erase").label == "Delete everything …"

    def test_label_that_is_disabled_says_so_when_chosen_and_is_not_chosen_by_itself(
        self, app, desk_of
    ):
        desk = desk_of(app)
        first, second, *_ = desk.workspace.manifest.labels
        desk.workspace.enable_label(first.id, False)
        app.run()
        assert app.session_state["samples_label"] == first.id
        assert "is disabled: what you add to it is kept, but not used" in shown(app)
        del app.session_state["samples_label"]
        desk.chosen_label = ""
        app.run()
        assert app.session_state["samples_label"] == second.id
        assert "is disabled" not in shown(app)

    def test_shelf_gets_no_more_pictures_than_it_shows(self, person, monkeypatch):
        app, desk = person
        chosen, *others = desk.workspace.manifest.labels
        sheets = np.random.default_rng(1).integers(0, 255, (20, 8, 8), np.uint8)
        for label in (chosen, others[0]):
            desk.workspace.add_samples(list(sheets), label.id, Source.UPLOAD)
        drawn = []
        monkeypatch.setattr(samples_card, "shelf", lambda key, rows, **rest: drawn.append(rows))
        app.session_state["samples_label"] = chosen.id
        app.run()
        assert [len(row.thumbs) for row in drawn[-1][:2]] == [16, 6]

    def test_upload_when_pictures_go_to_the_chosen_label(self, app, desk_of):
        upload(app, ("a.png", picture()), ("b.png", picture(5)))
        manifest = desk_of(app).workspace.manifest
        assert [s.label for s in manifest.samples] == [manifest.labels[0].id] * 2

    def test_upload_of_pictures_when_there_is_no_label_is_refused_and_adds_nothing(
        self, app, desk_of
    ):
        app.selectbox(key="top_model").set_value("photos").run()
        assert "Pictures go to a label that you add below first." in shown(app)
        upload(app, ("a.png", picture()), ("b.png", picture(5)))
        assert said(app) == (
            "There is no label for these pictures yet. Add a label below first. Nothing was added."
        )
        assert desk_of(app).workspace.manifest.samples == ()

    def test_upload_of_pictures_when_the_last_label_was_deleted_is_refused_as_if_none_ever_was(
        self, app, desk_of
    ):
        app.selectbox(key="top_model").set_value("photos").run()
        workspace = desk_of(app).workspace
        samples_card._acted(desk_of(app), Act("add", name="cup"))
        app.run()
        workspace.delete_label(workspace.manifest.labels[0].id)
        app.run()
        upload(app, ("a.png", picture()))
        assert said(app) == "There is no label for these pictures yet. Add a label below first."

    def test_samples_without_a_label_are_told_and_can_be_seen(self, app, desk_of):
        workspace = desk_of(app).workspace
        workspace.add_samples([np.zeros((9, 9), np.uint8)], "", Source.UPLOAD, ["lost.png"])
        app.run()
        assert "1 sample without a label: not used here." in shown(app)
        app.button(key="unlabelled").click().run()
        assert "**Samples** · 1 sample" in [text.value for text in app.markdown]

    def test_upload_when_zip_brings_its_own_labels(self, app, desk_of):
        data = io.BytesIO()
        with zipfile.ZipFile(data, "w") as archive:
            archive.writestr("3/a.png", picture())
            archive.writestr("heart/b.png", picture(5))
        upload(app, ("mine.zip", data.getvalue()))
        manifest = desk_of(app).workspace.manifest
        names = {label.id: label.name for label in manifest.labels}
        assert [names[s.label] for s in manifest.samples] == ["3", "heart"]

    @pytest.mark.parametrize(
        ("name", "data", "expected"),
        [
            ("text.png", b"hello", "not a picture"),
            ("empty.png", b"", "empty"),
            ("broken.zip", b"PK\x03\x04 nonsense", "neither a zip"),
        ],
    )
    def test_upload_when_bad_says_so_in_place_and_changes_nothing(
        self, app, desk_of, name, data, expected
    ):
        upload(app, (name, data))
        assert expected in said(app)
        assert desk_of(app).workspace.manifest.samples == ()
        assert not app.exception

    def test_upload_when_one_of_two_is_bad_adds_neither(self, app, desk_of):
        upload(app, ("good.png", picture()), ("bad.png", b"no"))
        assert "bad.png" in said(app)
        assert desk_of(app).workspace.manifest.samples == ()

    def test_upload_when_the_second_of_two_zips_has_too_many_labels_adds_neither(
        self, app, desk_of
    ):
        archives = []
        for labels in ("ab", "cdefgh"):  # six outputs are free
            data = io.BytesIO()
            with zipfile.ZipFile(data, "w") as archive:
                for k, label in enumerate(labels):
                    archive.writestr(f"{label}/{k}.png", picture(k))
            archives.append((f"{labels}.zip", data.getvalue()))
        upload(app, *archives)
        assert "no output left for 'g'" in said(app)
        assert said(app).endswith("Nothing was added.")
        assert desk_of(app).workspace.manifest.samples == ()
        assert len(desk_of(app).workspace.manifest.labels) == 10

    def test_upload_when_of_pictures_and_a_zip_is_one_step(self, app, desk_of):
        data = io.BytesIO()
        with zipfile.ZipFile(data, "w") as archive:
            archive.writestr("heart/b.png", picture(5))
        upload(app, ("a.png", picture()), ("mine.zip", data.getvalue()))
        workspace = desk_of(app).workspace
        assert workspace.raw_samples().labels == ("0", "heart")
        workspace.undo()
        assert workspace.manifest.samples == ()

    def test_upload_when_zip_has_train_and_test_folders_sets_the_latter_aside(self, app, desk_of):
        data = io.BytesIO()
        with zipfile.ZipFile(data, "w") as archive:
            for k, part in enumerate(("train", "train", "train", "train", "test", "test")):
                archive.writestr(f"{part}/3/{k}.png", picture(k))
        upload(app, ("split.zip", data.getvalue()))
        samples = desk_of(app).workspace.manifest.samples
        assert {one.origin: one.part for one in samples} == {
            **{f"{k}.png": Part.TRAIN for k in range(4)},
            "4.png": Part.TEST,
            "5.png": Part.TEST,
        }

    def test_upload_when_some_files_are_no_samples_says_how_many_of_which(self, app):
        data = io.BytesIO()
        with zipfile.ZipFile(data, "w") as archive:
            archive.writestr("3/a.png", picture())
            archive.writestr("4/b.avif", b"")
        upload(app, ("mixed.zip", data.getvalue()))
        assert "Left out 1 file that cannot be read as samples: 1 .avif" in app.toast[
            0
        ].value.replace("\\", "")

    @pytest.mark.parametrize("packed", [True, False])
    def test_upload_when_a_table_says_the_labels_takes_them_from_it(self, app, desk_of, packed):
        files = {"a.png": picture(), "b.png": picture(4), "c.png": picture(8)}
        files["labels.csv"] = b"file;label\na.png;3\nb.png;7\nz.png;7\n"
        data = io.BytesIO()
        with zipfile.ZipFile(data, "w") as archive:
            for name, content in files.items():
                archive.writestr(name, content)
        upload(app, *([("all.zip", data.getvalue())] if packed else files.items()))
        raw = desk_of(app).workspace.raw_samples()
        assert dict(zip(raw.names, raw.labels, strict=True)) == {"a.png": "3", "b.png": "7"}
        assert (
            "'labels.csv' names 1 file that cannot be found, such as 'z.png'. Left out 1 file that "
            "'labels.csv' does not name, such as 'c.png'."
        ) in app.toast[0].value.replace("\\", "")

    def test_upload_when_the_browser_packed_it_is_what_the_files_are(self, app, desk_of):
        data = given_together(
            ("a.png", picture()), ("a.png", picture(4)), ("mine/heart/b.png", picture(8))
        )
        upload(app, ("3 files.zip", data), ("c.png", picture(12)))
        raw = desk_of(app).workspace.raw_samples()
        assert dict(Counter(zip(raw.names, raw.labels, strict=True))) == {
            ("a.png", "0"): 2,
            ("b.png", "heart"): 1,
            ("c.png", "0"): 1,
        }

    def test_upload_of_one_folder_that_tells_no_label_goes_to_the_chosen_one(self, app, desk_of):
        files = [(f"images/{k}.png", picture(4 * k)) for k in range(3)]
        upload(app, ("3 files.zip", given_together(*files)))
        raw = desk_of(app).workspace.raw_samples()
        assert (sorted(raw.names), raw.labels) == (["0.png", "1.png", "2.png"], ("0",) * 3)

    @pytest.mark.parametrize(
        ("files", "expected"),
        [
            ([("a.png", picture()), ("b.png", b"no")], "'b.png' is not a picture"),
            ([("images/a.png", picture()), ("b.png/a/c.png", b"no")], "'b.png/a/c.png'"),
            ([("../3/a.png", picture())], "leads out of the zip"),
        ],
    )
    def test_upload_when_some_of_what_the_browser_packed_is_wrong_says_which(
        self, app, desk_of, files, expected
    ):
        upload(app, ("files.zip", given_together(*files)))
        assert expected in said(app)
        assert desk_of(app).workspace.manifest.samples == ()

    def test_upload_when_what_the_browser_packed_is_damaged_says_so(self, app):
        upload(app, ("2 files.zip", given_together(("a.png", picture()))[40:]))
        assert "arrived damaged" in said(app)

    def test_upload_when_zip_is_of_another_layout_says_what_is_expected(self, app, desk_of):
        data = io.BytesIO()
        with zipfile.ZipFile(data, "w") as archive:
            archive.writestr("images/train/a.png", picture())
            archive.writestr("labels/train/a.txt", "0 0.5 0.5 1 1")
        upload(app, ("yolo.zip", data.getvalue()))
        assert "folders in 'yolo.zip' do not say what its samples show" in said(app)
        assert "train/cat/1.jpg" in said(app)
        assert desk_of(app).workspace.manifest.samples == ()

    def test_upload_when_zip_points_outside_is_refused(self, app, desk_of):
        data = io.BytesIO()
        with zipfile.ZipFile(data, "w") as archive:
            archive.writestr("../3/a.png", picture())
        upload(app, ("evil.zip", data.getvalue()))
        assert said(app)
        assert desk_of(app).workspace.manifest.samples == ()

    def test_upload_when_zip_is_a_bomb_is_refused(self, app, desk_of):
        data = io.BytesIO()
        with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("3/a.png", bytes(300_000_000))
        upload(app, ("bomb.zip", data.getvalue()))
        assert "unpacks to 300 MB" in said(app)
        assert desk_of(app).workspace.manifest.samples == ()

    def test_upload_when_picture_is_huge_is_refused(self, app, desk_of):
        out = io.BytesIO()
        Image.new("1", (12_000, 12_000)).save(out, "PNG")
        upload(app, ("huge.png", out.getvalue()))
        assert "huge.png" in said(app)
        assert desk_of(app).workspace.manifest.samples == ()

    def test_upload_when_gif_is_animated_is_refused(self, app, desk_of):
        frames = [Image.new("L", (20, 20), shade) for shade in (0, 128, 255)]
        out = io.BytesIO()
        frames[0].save(out, "GIF", save_all=True, append_images=frames[1:])
        upload(app, ("moving.gif", out.getvalue()))
        assert "moving.gif" in said(app)
        assert desk_of(app).workspace.manifest.samples == ()

    @pytest.mark.parametrize("size", [(12_000, 50), (50, 12_000), (28, 28)])
    def test_tried_picture_when_long_and_thin_is_shown_and_answered(self, app, size):
        out = io.BytesIO()
        Image.new("L", size, 255).save(out, "PNG")
        app.segmented_control(key="try_way").set_value("Upload").run()
        app.file_uploader[-1].upload("thin.png", out.getvalue())
        app.run()
        assert not app.error, said(app)

    def test_sample_when_kept_out_of_training_is_not_called_a_training_sample(self, person):
        app, desk = person
        entry = desk.entries(Part.TEST)[0]
        nearly = desk.workspace.sample_array(entry.id).copy()
        nearly.flat[0] ^= 1
        desk.workspace.add_samples([nearly], entry.label, Source.UPLOAD)
        desk.workspace.move_sample(desk.workspace.manifest.samples[-1].id, Part.TRAIN)
        (kept_out, _), *_ = desk.near_test().items()
        app.session_state["samples_open"] = ("sample", kept_out)
        app.run()
        shown = " ".join(html.value for html in app.html)
        assert "Nearly the same as one of your test samples, so kept out of training." in shown
        assert "A training sample." not in shown
        sample = next(one for one in desk.workspace.manifest.samples if one.id == kept_out)
        app.session_state["samples_open"] = ("label", sample.label)
        app.run()
        assert list(app.dataframe[0].value["For"]).count("nothing: kept out") == 1

    def test_sample_when_its_file_is_lost_can_be_moved_and_deleted(self, app, desk_of, tmp_path):
        upload(app, ("one.png", picture()))
        next(tmp_path.glob("workspaces/*/samples/*")).unlink()
        app.switch_page("pages/evaluate.py").run()
        app.segmented_control(key="evaluate_part").set_value("Test samples").run()
        assert "missing or damaged" in said(app)
        app.button(key="change_part").click().run()
        desk = desk_of(app)
        (sample,) = desk.workspace.manifest.samples
        assert sample.part is Part.TEST
        app.switch_page("pages/personalise.py").run()
        app.session_state["samples_open"] = ("sample", sample.id)
        app.run()
        assert "missing or damaged" in said(app)
        app.session_state["samples_open"] = ("sample", sample.id)  # open still
        app.button(key="delete_sample").click().run()
        assert desk.workspace.manifest.samples == ()

    def test_picture_of_a_burst_says_how_many_are_moved_with_it(self, app, desk_of):
        desk = desk_of(app)
        label = desk.workspace.manifest.labels[0].id
        sheets = np.random.default_rng(1).integers(0, 255, (3, 8, 8), np.uint8)
        desk.workspace.add_samples(list(sheets), label, Source.CAMERA, take="a")
        desk.workspace.add_samples([sheets[0].T], label, Source.CAMERA, take="b")
        told = "Moving takes 2 other pictures along"
        app.session_state["samples_open"] = ("sample", "s1")
        assert told in shown(app.run())
        app.session_state["samples_open"] = ("sample", "s4")
        assert "Moving takes" not in shown(app.run())
        app.switch_page("pages/evaluate.py").run()
        app.segmented_control(key="evaluate_part").set_value("Test samples").run()
        assert "Moving takes" not in shown(app)
        app.selectbox(key="part_of").set_value("s1").run()
        assert told in shown(app)

    def test_results_of_two_uploads_when_the_same_are_two_messages(self, app):
        upload(app, ("one.png", picture()))
        upload(app, ("one.png", picture()))
        first = app.toast[0].value
        upload(app, ("one.png", picture()))
        assert app.toast[0].value != first
        assert app.toast[0].value.strip("\u200b") == first.strip("\u200b")

    def test_undo_when_clicked_takes_the_person_back(self, person):
        app, desk = person
        app.button(key="undo").click().run()
        assert desk.workspace.manifest.samples == ()


class TestTraining:
    def test_train_when_finished_makes_your_model(self, trained):
        app, desk = trained
        manifest = desk.workspace.manifest
        assert manifest.checkpoint(manifest.head).info.kind is Kind.END
        assert any("personalised" in html.value for html in app.html)

    def test_settings_when_the_first_page_is_opened_by_its_name_are_as_they_were(self, app):
        app.number_input(key="set_epochs").set_value(7).run()
        app.switch_page("pages/personalise.py").run()
        assert app.number_input(key="set_epochs").value == 7
        app.number_input(key="set_epochs").set_value(8).run()
        assert app.number_input(key="set_epochs").value == 8

    def test_result_when_finished_is_said_with_its_verdict(self, trained):
        app, desk = trained
        assert warm(desk)
        app.run()
        assert not app.exception
        scores = desk.own_scores()
        figures = next(html.value for html in app.html if "odt-before-after" in html.value)
        assert "Base model<strong>88.3 %</strong>" in figures
        assert f"Your model<strong>{100 * scores.own.accuracy:.1f} %</strong>" in figures
        line = next(html.value for html in app.html if "Right on your test samples. " in html.value)
        assert "to tell, p = " in line or "chance, p = " in line
        assert app.get("page_link")[-1].proto.page == "evaluate"

    def test_figures_while_a_run_goes_on_are_how_it_does_so_far(self, person):
        app, desk = person
        with long_training(desk, paused=False):
            for _ in range(300):
                if desk.run.snapshot().evaluations:
                    break
                time.sleep(0.1)
            app.run()
            assert "Right on your test samples so far." in shown(app)

    def test_levels_of_the_base_model_when_the_server_was_restarted_are_there_again(self, trained):
        _, desk = trained
        evaluation = desk.run.snapshot().evaluations[-1]
        again = Desk(desk.workspace)
        assert again.learns_scores()
        again.warm_up()
        assert warm(again)
        assert not again.learns_scores()
        assert again.scores_known(evaluation)
        assert again.base_level(again.test_name(), 60).accuracy == 53 / 60
        assert again.base_level(BASE_TEST, 1000) is not None
        again.close()

    def test_train_when_clicked_twice_trains_once(self, person):
        app, desk = person
        app.number_input(key="set_epochs").set_value(2000)
        app.button(key="train").click().run()
        first = desk.run
        from odt_core.training.settings import Settings

        assert desk.train(Settings.from_json(desk.workspace.manifest.settings)) is first
        desk.stop()
        assert first.wait(60)
        assert len(desk.workspace.runs()) == 1

    def test_stop_when_pressed_keeps_the_steps_that_were_made(self, person):
        app, desk = person
        app.number_input(key="set_epochs").set_value(2000)
        app.button(key="train").click().run()
        app.button(key="stop").click().run()
        assert desk.run.wait(60)
        snapshot = desk.run.snapshot()
        assert snapshot.phase.value == "stopped"
        assert snapshot.step < snapshot.total
        app.run()
        assert not app.button(key="train").disabled

    def test_run_that_made_your_model_is_shown_as_long_as_it_is_your_model(self, trained):
        _, desk = trained
        shown = desk.shown_run()
        assert shown is not None
        assert "Finished all" in shown.message
        again = Desk(desk.workspace).shown_run()  # as after a restart of the server
        assert again is not None
        assert (again.step, again.total, again.message) == (shown.step, shown.total, shown.message)
        assert again.evaluations == shown.evaluations
        desk.workspace.undo()
        assert desk.shown_run() is None
        desk.workspace.redo()
        assert desk.shown_run() is not None

    def test_training_with_the_settings_that_are_there_is_one_step_of_undo(self, person):
        _, desk = person
        desk.train(desk.settings)
        assert desk.run.wait(60)
        assert desk.workspace.undo_step.startswith("train to step")
        desk.workspace.undo()
        assert desk.workspace.undo_step.startswith("add ")

    def test_step_when_another_tab_has_paused_a_training_is_refused(self, trained, monkeypatch):
        _, desk = trained
        manifest = desk.workspace.manifest
        label, sample = manifest.labels[0], manifest.samples[0]

        def acted(act: Act) -> Callable[[], None]:
            return lambda: samples_card._acted(desk, act)

        def dialog(change: Callable[..., None], *given: object) -> Callable[[], None]:
            def changed() -> None:
                with trouble.caught("samples"):
                    change(desk, [sample.id], *given)

            return changed

        steps: dict[str, Callable[[], None]] = {
            "undo": lambda: take_step(desk, "top"),
            "redo": lambda: take_step(desk, "top", "redo"),
            "rename": acted(Act("rename", label.id, name="other")),
            "toggle": acted(Act("toggle", label.id)),
            "delete label": acted(Act("delete", desk.workspace.add_label("empty").id)),
            "delete": dialog(sample_dialogs._delete),
            "move": dialog(sample_dialogs._move, Part.TEST),
            "checkpoint": lambda: timeline._delete(desk, manifest.checkpoints[0].id),
        }
        before = desk.workspace.manifest
        with long_training(desk):
            for name, step in steps.items():
                state: dict[str, object] = {}
                monkeypatch.setattr(trouble.st, "session_state", state)
                step()
                ((_, said),) = state["odt_said"].values()
                assert said.startswith("Training is paused. Stop it first, then "), name
                assert desk.workspace.manifest.head == before.head, name
                assert desk.workspace.manifest.samples == before.samples, name
                assert desk.busy, name

    def test_run_when_the_model_changed_under_it_is_active_still(self, person):
        _, desk = person
        with long_training(desk, paused=False):
            other = next(path.stem for path in bundled_models() if path.stem != desk.model.bundled)
            card = find_card(bundled_path(other))
            desk.workspace.set_model(card.name, card.labels, bundled=other)
            assert desk.busy

    def test_download_when_a_first_training_is_active_says_when(self, person):
        app, desk = person
        with long_training(desk):
            shown = " ".join(html.value for html in app.run().html)
            assert "Training is paused. When it has ended, download your model here." in shown
            assert "Your model is the base model still." not in shown

    def test_model_when_it_is_trained_on_is_no_download_under_its_old_step(self, trained):
        def offered() -> bool:
            return any("download_model" in one.proto.id for one in app.get("download_button"))

        app, desk = trained
        assert offered()
        with long_training(desk):
            app.run()
            assert "When it has ended, download your model here." in shown(app)
            assert not offered()
            with pytest.raises(TrainingError, match="Stop it first, then download your model"):
                desk.bake()
            assert desk.bake(which="base")

    def test_pause_is_shown_on_every_page(self, person):
        app, desk = person
        app.number_input(key="set_epochs").set_value(2000)
        app.button(key="train").click().run()
        app.button(key="pause").click().run()
        assert any("paused</span>" in html.value for html in app.html)
        app.switch_page("pages/checkpoints.py").run()
        assert any("Training is paused." in html.value for html in app.html)
        desk.stop()
        assert desk.run.wait(60)

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

    def test_train_when_all_have_one_label_waits_and_says_what_to_do(self, app):
        upload(app, ("a.png", picture()))
        assert "One sample is too few to train on" in progress(app)
        upload(app, ("b.png", picture(4)))
        assert app.button(key="train").disabled
        assert "All samples so far are '0'. Add some of another label" in progress(app)

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

    @pytest.mark.parametrize(
        ("rate", "said"),
        [
            (1234.5, "1,234 steps a second"),
            (0.9, "1 step a second"),
            (0.4, "2.5 s a step"),
            (0.01, "1 min 40 s a step"),
        ],
    )
    def test_pace_when_slower_than_a_step_a_second_is_how_long_one_takes(self, rate, said):
        assert train_card.pace_in_words(rate) == said

    def test_run_when_it_is_not_planned_yet_has_no_step_of_none(self, person):
        app, desk = person
        with long_training(desk):
            desk.run.planned(0)
            app.run()
            assert progress(app) == "Getting ready · paused"

    def test_message_of_a_run_is_no_markdown(self, person):
        app, desk = person
        train(app, desk)
        desk.run.ended(Phase.DIVERGED, "![loss](a)")
        app.run()
        assert app.get("progress")[0].proto.text == r"\!\[loss\]\(a\)"

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

    def test_run_when_interrupted_at_its_start_tells_the_step_that_your_model_has(self, trained):
        app, desk = trained
        steps = desk.run.snapshot().step
        app.number_input(key="set_epochs").set_value(9000)
        app.button(key="train").click().run()
        desk.stop()
        assert desk.run.wait(60)
        start = next(
            one
            for one in desk.workspace.manifest.checkpoints
            if one.info.kind is Kind.START and one.info.earlier
        )
        interrupt(app, desk, start)
        notes = " ".join(html.value for html in app.html)
        assert f"Training was interrupted. Step {steps}, where it began, is saved." in notes

    def test_reset_when_clicked_keeps_the_weights_as_a_checkpoint(self, trained):
        app, desk = trained
        app.button(key="reset").click().run()
        manifest = desk.workspace.manifest
        assert manifest.head is None
        assert manifest.checkpoints[-1].info.kind is Kind.BEFORE

    def test_run_when_server_died_offers_to_go_on(self, trained):
        app, desk = trained
        interrupt(app, desk, desk.workspace.manifest.checkpoints[0])
        assert app.button(key="go_on").label == "Go on from there"
        app.button(key="dismiss").click().run()
        assert desk.interrupted() is None

    def test_run_of_another_model_is_not_offered_to_go_on_until_that_is_chosen_again(self, trained):
        app, desk = trained
        interrupt(app, desk, desk.workspace.manifest.checkpoints[0])
        offered = desk.interrupted()
        assert offered is not None
        desk.choose_bundled("photos")
        assert desk.interrupted() is None
        desk.choose_bundled("digits")
        assert desk.interrupted() == offered

    def test_dismiss_when_the_disk_fails_is_said_and_the_offer_stays(self, trained, monkeypatch):
        def fail(run_id, records):
            raise WorkspaceError("This could not be saved: the disk is full.")

        app, desk = trained
        interrupt(app, desk, desk.workspace.manifest.checkpoints[0])
        monkeypatch.setattr(desk.workspace, "append_run", fail)
        app.button(key="dismiss").click().run()
        assert not app.exception
        assert "the disk is full" in said(app)
        assert app.button(key="go_on").label == "Go on from there"


class TestCheckpoints:
    def test_restore_when_clicked_brings_the_very_weights_back(self, trained):
        app, desk = trained
        end = desk.workspace.manifest.checkpoints[-1]
        app.switch_page("pages/checkpoints.py").run()
        app.button(key="restore_base").click().run()
        assert desk.workspace.manifest.head is None
        base, own = desk.worker().state("base"), desk.worker().state("own")
        weights = [name for name in base if name.endswith("kernel")]
        assert all(np.array_equal(base[name], own[name]) for name in weights)
        app.button(key=f"restore_{end.id}").click().run()
        assert desk.workspace.manifest.head == end.id
        kept = load_checkpoint(desk.workspace.checkpoint_bytes(end.id)).state
        own = desk.worker().state("own")
        assert all(np.array_equal(kept[name], own[name]) for name in kept)
        assert any(not np.array_equal(kept[name], base[name]) for name in weights)

    def test_compare_when_two_are_chosen_shows_both_sets(self, trained):
        app, _ = trained
        app.switch_page("pages/checkpoints.py").run()
        app.button(key="compare").click().run()
        app.run()  # as when something else on the page asks for it
        assert not app.error, said(app)
        shown = " ".join(html.value for html in app.html)
        assert "Your test samples" in shown
        assert "McNemar" in shown

    def test_base_model_stands_there_once_and_nothing_that_goes_back_is_filled(self, trained):
        app, desk = trained
        start, *_, end = desk.workspace.manifest.checkpoints
        assert start.info.kind is Kind.START
        app.switch_page("pages/checkpoints.py").run()
        keys = {button.key for button in app.button}
        assert "restore_base" in keys
        assert f"restore_{end.id}" in keys
        assert f"restore_{start.id}" not in keys
        assert "Step 0" not in " ".join(app.selectbox(key="compare_first").options)
        back = [button for button in app.button if (button.key or "").startswith("restore_")]
        assert {button.label for button in back} == {"Restore"}
        assert "primary" not in {button.proto.type for button in back}

    def test_start_of_a_run_that_went_on_from_another_stays(self, trained):
        app, desk = trained
        app.button(key="train").click().run()
        assert desk.run.wait(60)
        kinds = [(entry.info.kind, entry.info.step) for entry in desk.other_checkpoints()]
        assert [kind for kind, _ in kinds].count(Kind.START) == 1

    def test_checkpoint_of_another_model_is_downloaded_under_that_ones_name(
        self, trained, monkeypatch
    ):
        app, desk = trained
        desk.choose_bundled("photos")
        names = []
        monkeypatch.setattr(timeline, "file_name", lambda *name: names.append(name) or "x")
        app.switch_page("pages/checkpoints.py").run()
        assert {model for model, _ in names} == {"Handwritten digits"}

    def test_note_when_undone_is_shown_no_more(self, trained):
        app, desk = trained
        app.switch_page("pages/checkpoints.py").run()
        key = f"note_{desk.workspace.manifest.head}"
        app.text_input(key=key).input("keep this one").run()
        assert desk.workspace.manifest.head_entry.info.note == "keep this one"
        desk.workspace.undo()
        assert app.run().text_input(key=key).value == ""

    def test_note_when_it_cannot_be_saved_stays_as_typed(self, trained, monkeypatch):
        def fail(checkpoint_id, note):
            raise WorkspaceError("This could not be saved: the disk is full.")

        app, desk = trained
        app.switch_page("pages/checkpoints.py").run()
        key = f"note_{desk.workspace.manifest.head}"
        monkeypatch.setattr(desk.workspace, "note_checkpoint", fail)
        app.text_input(key=key).input("keep this one").run()
        assert "the disk is full" in said(app)
        assert app.text_input(key=key).value == "keep this one"
        monkeypatch.undo()
        app.text_input(key=key).input(" keep it ").run()
        assert app.text_input(key=key).value == "keep it"
        app.switch_page("pages/model.py").run()
        app.switch_page("pages/checkpoints.py").run()
        assert app.text_input(key=key).value == "keep it"

    def test_note_when_nobody_wrote_one_is_empty(self, trained):
        app, desk = trained
        app.switch_page("pages/checkpoints.py").run()
        note = app.text_input(key=f"note_{desk.workspace.manifest.head}")
        assert (note.value, note.placeholder) == ("", "Add a note")

    def test_delete_when_undone_is_back(self, trained):
        app, desk = trained
        desk.save_checkpoint("mine")
        saved = desk.workspace.manifest.checkpoints[-1]
        app.switch_page("pages/checkpoints.py").run()
        app.button(key=f"delete_{saved.id}").click().run()
        assert desk.workspace.manifest.checkpoint(saved.id) is None
        app.button(key="undo_here").click().run()
        assert desk.workspace.manifest.checkpoint(saved.id) is not None

    def test_upload_when_downloaded_before_is_kept(self, trained):
        app, desk = trained
        data = desk.workspace.checkpoint_bytes(desk.workspace.manifest.head)
        app.switch_page("pages/checkpoints.py").run()
        app.file_uploader[0].upload("mine.safetensors", data)
        app.run()
        assert not app.error, said(app)
        assert desk.workspace.manifest.checkpoints[-1].info.kind is Kind.UPLOADED

    def test_upload_of_what_was_downloaded_here_keeps_what_it_was_trained_on(self, trained):
        _, desk = trained
        head, seen = desk.workspace.manifest.head_entry, desk.trained_on()
        desk.use_temperature(Tempering(2.0))
        desk.add_uploaded_checkpoint(desk.checkpoint_file(head.id), "mine.safetensors")
        again = desk.workspace.manifest.checkpoints[-1]
        desk.restore(again.id)
        assert desk.trained_on() == seen
        assert (again.info.steps, again.info.own) == (head.info.steps, head.info.own)
        assert desk.temperature == Tempering(2.0)

    @pytest.mark.parametrize("data", [b"", b"hello", b"\x08\0\0\0\0\0\0\0{}      "])
    def test_upload_when_no_checkpoint_says_so_and_keeps_nothing(self, trained, data):
        assert refused_upload(*trained, data)

    def test_upload_when_of_another_model_says_so_and_keeps_nothing(self, trained):
        app, desk = trained
        other = mine_with(desk, model_sha256="0" * 64)
        assert "belongs to another model" in refused_upload(app, desk, other)

    def test_upload_when_its_labels_are_swapped_says_so_and_keeps_nothing(self, trained):
        app, desk = trained
        other = mine_with(desk, labels=("1", "0", *my_checkpoint(desk).meta.labels[2:]))
        told = refused_upload(app, desk, other)
        assert "was trained with '1' where '0' is here, '0' where '1' is here" in told

    def test_upload_when_it_has_more_labels_brings_them_to_their_outputs(self, trained):
        _, desk = trained
        upload_with_labels(desk, "heart", "cross")
        assert desk.labels.names[10:14] == ("heart", "cross", None, None)
        upload_with_labels(desk, "heart", "cross", None, "star")
        assert desk.labels.names[10:14] == ("heart", "cross", None, "star")
        checkpoints = desk.workspace.manifest.checkpoints
        desk.workspace.undo()
        assert desk.labels.names[10:14] == ("heart", "cross", None, None)
        assert desk.workspace.manifest.checkpoints == checkpoints

    def test_checkpoint_when_a_label_of_its_is_another_output_here_is_refused(self, trained):
        _, desk = trained
        desk.workspace.add_label("Cross")
        before = desk.workspace.manifest
        with pytest.raises(CheckpointError, match="'cross' where no label is here"):
            upload_with_labels(desk, None, "cross")
        assert desk.workspace.manifest == before
        mine = load_checkpoint(desk.workspace.checkpoint_bytes(before.head))
        labels = (*mine.meta.labels[:10], None, "cross", *mine.meta.labels[12:])
        other = replace(mine, meta=replace(mine.meta, labels=labels))
        info = CheckpointInfo(Kind.MANUAL, 1, 1)
        kept = desk.workspace.add_checkpoint(save_checkpoint(other), info)
        with pytest.raises(CheckpointError, match="'cross' where no label is here"):
            desk.restore(kept.id)

    def test_upload_when_a_label_of_its_cannot_be_shown_keeps_nothing(self, trained):
        _, desk = trained
        before = desk.workspace.manifest
        with pytest.raises(LabelError, match="needs a name"):
            upload_with_labels(desk, "heart", "\u0301")
        assert desk.workspace.manifest == before

    def test_upload_when_some_outputs_are_named_names_the_others(self, app, desk_of):
        desk = desk_of(app)
        desk.choose_uploaded(
            (ROOT / "tests/runtime/models/tiny_momentum.tflite").read_bytes(), "mine.tflite"
        )
        desk.workspace.rename_label(desk.workspace.manifest.labels[0].id, "a")
        worker = desk.worker()
        labels = ("a", "1", "0", None)
        checkpoint = Checkpoint(worker.state(), CheckpointMeta(worker.sha256, labels=labels))
        desk.add_uploaded_checkpoint(save_checkpoint(checkpoint), "other.safetensors")
        assert desk.labels.names == labels

    def test_upload_when_nobody_named_the_outputs_names_them(self, app, desk_of):
        desk = desk_of(app)
        desk.choose_uploaded(
            (ROOT / "tests/runtime/models/tiny_momentum.tflite").read_bytes(), "mine.tflite"
        )
        names = tuple("abcdefghij"[: len(desk.model.outputs)])
        worker = desk.worker()
        checkpoint = Checkpoint(worker.state(), CheckpointMeta(worker.sha256, labels=names))
        desk.add_uploaded_checkpoint(save_checkpoint(checkpoint), "other.safetensors")
        assert desk.labels.names == names

    def test_restore_when_its_labels_are_other_outputs_by_now_says_so(self, trained):
        app, desk = trained
        head, zero, one, *_ = desk.workspace.manifest.head, *desk.workspace.manifest.labels
        desk.workspace.rename_label(zero.id, "zero")
        desk.restore(None)
        desk.restore(head)  # renamed, and nothing more
        desk.workspace.rename_label(one.id, "0")
        desk.restore(None)
        app.switch_page("pages/checkpoints.py").run()
        app.button(key=f"restore_{head}").click().run()
        assert "was trained with '0' where 'zero' is here" in said(app)
        assert desk.workspace.manifest.head is None

    def test_save_when_clicked_keeps_your_model(self, trained):
        app, desk = trained
        app.switch_page("pages/checkpoints.py").run()
        app.text_input(key="save_note").set_value("<b>mine</b>")
        app.button(key="save").click().run()
        entry = desk.workspace.manifest.checkpoints[-1]
        assert (entry.info.kind, entry.info.note) == (Kind.MANUAL, "<b>mine</b>")


class TestOwnModel:
    def choose(self, app, name, data):
        app.selectbox(key="top_model").set_value("other").run()
        field = next(one for one in app.file_uploader if one.key.startswith("own_model_"))
        field.upload(name, data)
        return app.run()

    def test_model_when_uploaded_is_personalised_from_then_on(self, app, desk_of):
        data = (ROOT / "assets" / "models" / "digits.tflite").read_bytes()
        self.choose(app, "mine.tflite", data)
        assert not app.error, said(app)
        model = desk_of(app).model
        assert (model.name, model.bundled, len(model.outputs)) == ("mine.tflite", None, 16)

    def test_model_when_another_is_chosen_stays_in_the_list_as_it_was_described(self, app, desk_of):
        data = (ROOT / "assets" / "models" / "digits.tflite").read_bytes()
        self.choose(app, "mine.tflite", data)
        desk = desk_of(app)
        desk.name_labels(["left", "right"])
        mine = desk.model
        picker = app.run().selectbox(key="top_model")
        picker.set_value("photos").run()
        assert (desk.model.bundled, picker.options[2:-1]) == ("photos", ["mine.tflite"])
        picker.set_value(mine.key).run()
        assert not app.error, said(app)
        assert desk.model == mine
        assert desk.output_names[:2] == ("left", "right")
        assert not desk.workspace.manifest.models

    def test_models_of_one_name_are_told_apart(self, app, desk_of):
        models = ROOT / "assets" / "models"
        for stem in ("digits", "photos"):
            self.choose(app, "model.tflite", (models / f"{stem}.tflite").read_bytes())
        present, before = desk_of(app).model, desk_of(app).workspace.manifest.models[0]
        own = app.selectbox(key="top_model").options[2:-1]
        assert own == [f"model.tflite · {one.sha256[:4]}" for one in (present, before)]

    def test_model_when_far_too_large_says_so_and_keeps_the_old_one(self, app, desk_of):
        limit = desk_of(app).workspace.limits.model_bytes
        self.choose(app, "large.tflite", bytes(limit + 1))
        assert "Use a smaller model" in said(app)
        assert desk_of(app).model.bundled == "digits"

    @pytest.mark.parametrize("data", [b"", b"a text file called .tflite"])
    def test_model_when_bad_says_so_and_keeps_the_old_one(self, app, desk_of, data):
        self.choose(app, "bad.tflite", data)
        assert "tflite" in said(app)
        assert desk_of(app).model.bundled == "digits"


class TestSwitch:
    def test_model_when_switched_begins_with_its_first_label_and_tells_what_came_along(
        self, app, desk_of
    ):
        desk = desk_of(app)
        app.selectbox(key="top_model").set_value("photos").run()
        app.button(key="example").click().run()
        names = [label.name for label in desk.workspace.manifest.labels]
        assert names == ["dam", "solar panel", "windmill"]
        app.selectbox(key="top_model").set_value("digits").run()
        active = desk.workspace.manifest.label(app.session_state["samples_label"])
        assert active.name == "0"
        assert app.toast[0].value.replace("\\", "") == (
            "Your samples came along: it learns 'dam', 'solar panel', 'windmill'. Disable what it "
            "is not to learn."
        )

    def test_settings_of_a_model_when_another_was_chosen_in_between_are_as_they_were(self, app):
        app.number_input(key="set_epochs").set_value(7).run()
        app.text_input(key="set_seed").set_value("-").run()  # wrong, and still what was typed
        before = app.number_input(key="set_epochs").value
        app.selectbox(key="top_model").set_value("photos").run()
        assert app.number_input(key="set_epochs").value != before == 7
        app.number_input(key="set_epochs").set_value(9).run()
        app.selectbox(key="top_model").set_value("digits").run()
        assert app.number_input(key="set_epochs").value == 7
        assert app.text_input(key="set_seed").value == "-"
        app.selectbox(key="top_model").set_value("photos").run()
        assert app.number_input(key="set_epochs").value == 9


class TestTry:
    def test_photo_of_the_test_samples_is_tried_as_soon_as_there_is_one(self, app, desk_of):
        app.selectbox(key="top_model").set_value("photos").run()
        assert app.segmented_control(key="try_way").value == "Upload"
        app.button(key="example").click().run()
        assert app.segmented_control(key="try_way").value == "My samples"
        tests = [s.id for s in desk_of(app).workspace.manifest.samples if s.part is Part.TEST]
        assert app.selectbox(key="try_picked").value == tests[0]

    def test_way_that_was_chosen_stays_when_samples_come(self, app):
        app.selectbox(key="top_model").set_value("photos").run()
        app.segmented_control(key="try_way").set_value("Draw").run()
        app.button(key="example").click().run()
        assert app.segmented_control(key="try_way").value == "Draw"

    def test_sample_of_digits_can_be_tried_but_drawing_comes_first(self, person):
        app, _ = person
        assert app.segmented_control(key="try_way").value == "Draw"
        app.segmented_control(key="try_way").set_value("My samples").run()
        assert app.selectbox(key="try_picked").options[0].endswith("test sample")


class TestEvaluate:
    def test_evaluate_when_trained_gives_n_interval_and_test(self, trained):
        app, _ = trained
        app.switch_page("pages/evaluate.py").run()
        shown = " ".join(html.value for html in app.html)
        assert "of 1,000 right" in shown
        assert "95 % interval" in shown
