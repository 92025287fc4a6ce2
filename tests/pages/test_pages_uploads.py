"""Uploads on the first page: what becomes of pictures, zips and tables, and what is refused."""

from __future__ import annotations

import io
import warnings
import zipfile
from collections import Counter

import pytest
from PIL import Image

from odt_core.workspace import Part
from pages.ui import samples_card
from pages.ui.packed import MARK
from pages.ui.shelf import Act
from tests.pages.page_text import noticed, said, shown
from tests.pages.pictures import picture, upload
from tests.sample_files import zipped


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


class TestSamples:
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
            "There is no label for these samples yet. Add a label below first. Nothing was added."
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
        assert said(app) == "There is no label for these samples yet. Add a label below first."

    def test_numbers_that_outputs_are_called_by_are_taken_for_them_without_a_word(
        self, app, desk_of
    ):
        upload(app, ("mine.zip", zipped({"7/a.png": picture(), "\uff17/b.png": picture(5)})))
        manifest = desk_of(app).workspace.manifest
        seven = next(label.id for label in manifest.labels if label.name == "7")
        assert [s.label for s in manifest.samples] == [seven, seven]
        assert "Numbers were taken" not in noticed(app)

    def test_pictures_in_folders_within_label_folders_are_of_the_labels_that_are_known(
        self, app, desk_of
    ):
        upload(app, ("mine.zip", zipped({"3/a/0.png": picture(), "7/a/1.png": picture(5)})))
        manifest = desk_of(app).workspace.manifest
        names = {label.id: label.name for label in manifest.labels}
        assert [names[s.label] for s in manifest.samples] == ["3", "7"]
        assert "not those inside them ('a')" in noticed(app)

    def test_folders_that_do_not_say_which_are_labels_are_refused_with_what_to_do(
        self, app, desk_of
    ):
        upload(app, ("mine.zip", zipped({"x/a/0.png": picture(), "y/a/1.png": picture(5)})))
        assert "If the outer ones are the labels, put the samples right into them." in said(app)
        assert desk_of(app).workspace.manifest.samples == ()

    def test_zip_within_a_zip_that_does_not_say_which_folders_are_labels_is_refused_as_a_whole(
        self, app, desk_of
    ):
        inner = zipped({"x/a/0.png": picture(), "y/a/1.png": picture(5)})
        upload(app, ("mine.zip", zipped({"3/1.png": picture(9), "more.zip": inner})))
        assert "in 'mine.zip' do not say what 'more.zip/x/a/0.png' shows. Which" in said(app)
        assert desk_of(app).workspace.manifest.samples == ()

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

    @pytest.mark.parametrize("packed", [True, False])
    def test_upload_when_some_pictures_are_bad_adds_the_others_and_says_so_where_it_stays(
        self, app, desk_of, packed
    ):
        files = [("good.png", picture()), ("bad.png", b"no"), ("worse.png", b"")]
        upload(app, *([("3 files.zip", given_together(*files))] if packed else files))
        assert desk_of(app).workspace.raw_samples().names == ("good.png",)
        left_out = "Left out 2 pictures that cannot be read: 'bad.png', 'worse.png'. "
        assert left_out in noticed(app)
        assert left_out in noticed(app.run())

    def test_notice_of_an_upload_is_not_said_twice_and_goes_with_the_next_one(self, app):
        upload(app, ("good.png", picture()), ("bad.png", b"no"))
        assert app.toast[0].value == "Added 1 sample\\."
        assert len(app.info) == 1
        upload(app, ("better.png", picture(5)))
        assert len(app.info) == 0

    def test_notice_of_an_upload_goes_with_its_samples_and_with_its_model(self, app, desk_of):
        upload(app, ("good.png", picture()), ("bad.png", b"no"))
        desk_of(app).workspace.undo()
        assert len(app.run().info) == 0
        upload(app, ("good.png", picture()), ("bad.png", b"no"))
        app.selectbox(key="top_model").set_value("photos").run()
        assert len(app.info) == 0

    def test_upload_when_all_pictures_are_bad_names_them_and_adds_nothing(self, app, desk_of):
        upload(app, ("a.png", b"no"), ("b.png", b"no"))
        assert "None of 2 pictures can be read: 'a.png', 'b.png'." in said(app)
        assert said(app).endswith("Nothing was added.")
        assert desk_of(app).workspace.manifest.samples == ()

    def test_upload_when_the_only_picture_beside_a_zip_is_bad_adds_the_zip_and_names_it(
        self, app, desk_of
    ):
        data = io.BytesIO()
        with zipfile.ZipFile(data, "w") as archive:
            archive.writestr("3/a.png", picture())
        upload(app, ("mine.zip", data.getvalue()), ("bad.png", b"no"))
        assert not said(app)
        assert desk_of(app).workspace.raw_samples().names == ("a.png",)
        assert "Left out 1 picture that cannot be read: 'bad.png'. " in noticed(app)

    def test_upload_when_a_zip_is_refused_says_that_nothing_was_added(self, app):
        data = io.BytesIO()
        with zipfile.ZipFile(data, "w") as archive:
            archive.writestr("3/a.png", b"no")
        upload(app, ("mine.zip", data.getvalue()))
        assert said(app).startswith("'3/a.png' is not a picture that can be read.")
        assert said(app).endswith("Nothing was added.")

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
        assert "Left out 1 file that cannot be read as samples: 1 .avif" in noticed(app)

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
        ) in noticed(app)

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
            ([("a.png", b""), ("b.png", b"no")], "'a.png', 'b.png'"),
            ([("images/a.png", b""), ("images/b.png/c.png", b"no")], "'images/b.png/c.png'"),
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

    def test_results_of_two_uploads_when_the_same_are_two_messages(self, app):
        upload(app, ("one.png", picture()))
        upload(app, ("one.png", picture()))
        first = app.toast[0].value
        upload(app, ("one.png", picture()))
        assert app.toast[0].value != first
        assert app.toast[0].value.strip("\u200b") == first.strip("\u200b")
