"""Models that learn pictures: masks, and a class for each pixel or word."""

from __future__ import annotations

import gzip
import io
import zipfile
from types import SimpleNamespace
from typing import cast

import numpy as np
import pytest

from odt_core.dialects.contract import Activation, Choice, Task
from odt_core.errors import SampleError
from odt_core.samples import Preprocessing, RawSamples
from odt_core.training.settings import Settings
from odt_core.workspace import Part
from pages.ui import camera, canvas
from pages.ui.desk import Desk
from pages.ui.uploaded_samples import as_the_model_wants
from tests.pages.own_models import OURS, RNG, ROOT, drop, every_part_of_evaluate, give
from tests.pages.page_text import said, shown
from tests.sample_files import png


class TestPicturesWithTargets:
    @pytest.mark.parametrize(("way", "element"), [("Draw", canvas), ("Camera", camera)])
    def test_nothing_is_drawn_or_taken_in_vain_while_the_target_is_none(
        self, app, desk_of, monkeypatch, way, element
    ):
        drop(app, OURS / "tiny_adam.tflite")
        desk_of(app).correct(Choice(task=Task.VALUES))
        mount, locked = element._mount, []

        def noted(*, data, **rest):
            if "locked" in data:  # not where it is tried out
                locked.append(data["locked"])
            return mount(data=data, **rest)

        monkeypatch.setattr(element, "_mount", noted)
        app.switch_page("pages/personalise.py").run()
        app.segmented_control(key="samples_way").set_value(way).run()
        app.text_input(key="samples_target").set_value("1, 0, 0, a").run()
        app.text_input(key="samples_target").set_value("1, 0, 0, 0").run()
        assert locked == [True, True, False]


class TestMasks:
    """A model that labels every pixel, in real LiteRT: tests/oracle/models/segmentation_keras2."""

    @pytest.fixture
    def masks(self, app, desk_of, tmp_path):
        packed = ROOT / "tests" / "oracle" / "models" / "segmentation_keras2.tflite.gz"
        path = tmp_path / "segmentation.tflite"
        path.write_bytes(gzip.decompress(packed.read_bytes()))
        drop(app, path)
        assert not said(app)
        desk_of(app).correct(Choice(task=Task.VALUES))  # grey in and grey out: it may be both
        return app, desk_of(app)

    def test_pictures_and_masks_are_paired_trained_on_and_drawn(self, masks):
        app, desk = masks
        assert desk.answers_pictures
        assert desk.contract.activation is Activation.SIGMOID
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w") as archive:
            for k in range(12):
                photo = np.zeros((8, 8), np.uint8)
                photo[k % 4 : k % 4 + 4, 1 + k % 3 : 5 + k % 3] = 200
                archive.writestr(f"images/{k}.png", png(photo))
                archive.writestr(f"masks/{k}.png", png(np.where(photo, 255, 0).astype(np.uint8)))
        give(app, "set.zip", stream.getvalue())
        assert not said(app)
        samples = desk.samples(Part.TRAIN)
        assert np.array_equal(samples.x > samples.x.mean(), samples.y == 1)
        assert "of the pixels right" in shown(app)
        before = desk.scores(desk.samples(Part.TEST), "own").base.mean_squared_error
        desk.train(Settings(epochs=60, batch_size=8))
        assert desk.run.wait(60)
        after = desk.scores(desk.samples(Part.TEST), "own").own.mean_squared_error
        assert after < 0.5 * before
        app.switch_page("pages/evaluate.py").run()
        app.segmented_control(key="evaluate_part").set_value("Blind test").run()
        app.segmented_control(key="blind_way").set_value("Test samples").run()
        assert "What Model A answers" in shown(app)  # a picture of it
        assert not app.button(key="vote_a").disabled
        app.button(key="vote_a").click().run()
        app.button(key="reveal").click().run()
        assert "of the pixels right" in shown(app)

    def test_loose_picture_without_mask_says_so_and_adds_nothing(self, masks):
        app, desk = masks
        give(app, "lone.png", png(np.zeros((8, 8), np.uint8)))
        assert "lone.png has no target" in said(app)
        assert not desk.workspace.manifest.samples


class TestColoursOfMasks:
    def test_colours_for_one_of_three_classes_are_refused_by_name(self):
        """Not so where pictures of three channels are learnt, of which these might be one."""
        contract = SimpleNamespace(
            rows_are_one_hot=True, target_shape=(8, 8, 3), scores_each=0, ids=np.array(False)
        )
        card = SimpleNamespace(preprocessing=Preprocessing("image", (8, 8, 1)))
        desk = SimpleNamespace(contract=contract, card=card, task=Task.VALUES, sees_pictures=True)
        mask = np.full((8, 8, 3), (128, 0, 0), np.uint8)
        raw = RawSamples((np.zeros((8, 8), np.uint8),), ("",), ("a.png",), (mask,))
        with pytest.raises(SampleError, match=r"mask of a.png is in colours\. Save it as an index"):
            as_the_model_wants(cast(Desk, desk), raw, "")


class TestClassesOfPlaces:
    """Models that give the scores of K classes for each pixel or word."""

    def test_pixels_of_no_class_count_neither_way(self, app, desk_of):
        drop(app, OURS / "dialect_pixels.tflite")
        desk = desk_of(app)
        assert (desk.contract.target_shape, desk.contract.scores_each) == ((8, 8, 1), 3)
        assert "Tells one of 3 classes for each of 64 pixels," in shown(app)
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w") as archive:
            for k in range(10):
                mask = RNG.integers(0, 3, (8, 8)).astype(np.uint8)
                mask[0] = 255
                photo = (mask[..., None] == np.arange(3)).astype(np.uint8) * 200
                archive.writestr(f"segmentation/images/{k}.png", png(photo))
                archive.writestr(f"segmentation/masks/{k}.png", png(mask))
        give(app, "set.zip", stream.getvalue())
        assert not said(app)
        assert "of the pixels right" in shown(app)
        assert (desk.samples(Part.TRAIN).y[:, 0] == 255).all()
        desk.train(Settings(epochs=100, batch_size=4))
        assert desk.run.wait(60)
        own = desk.scores(desk.samples(Part.TEST), "own").own
        assert own.places.right > 0.9
        assert desk.shown_run().evaluations[-1].test.places_right == own.places.right
        app.switch_page("pages/evaluate.py").run()
        assert "of the pixels right, n = 2 · mean IoU" in shown(app)
        app.segmented_control(key="evaluate_part").set_value("Blind test").run()
        app.segmented_control(key="blind_way").set_value("Test samples").run()
        assert not said(app)
        assert "What Model A answers" in shown(app)
        every_part_of_evaluate(app)
        app.switch_page("pages/checkpoints.py").run()
        assert f"{100 * own.places.right:.1f} % of 2" in shown(app).replace("\u202f", " ")

    def test_typed_class_that_the_model_has_not_is_refused(self, app, desk_of):
        drop(app, OURS / "dialect_tags.tflite")
        app.switch_page("pages/personalise.py").run()
        app.segmented_control(key="samples_way").set_value("Type").run()
        for target, added in (("0, 1, 2, 0, 7", 0), ("0, 1, 2, 0, 1", 1)):
            app.text_area(key="samples_typed").set_value("4, 8, 15, 16, 3")
            app.text_input(key="samples_target").set_value(target)
            app.button(key="type_add").click().run()
            assert ("class 7; this model tells 3 apart" in said(app)) == (not added)
            assert len(desk_of(app).workspace.manifest.samples) == added

    def test_typed_number_that_is_no_id_is_refused_wherever_it_is_given(self, app, desk_of):
        drop(app, OURS / "dialect_tags.tflite")
        app.switch_page("pages/personalise.py").run()
        app.segmented_control(key="samples_way").set_value("Type").run()
        app.text_area(key="samples_typed").set_value("4, 8, 2.5, 16, 3")
        app.text_input(key="samples_target").set_value("0, 1, 2, 0, 1")
        app.button(key="type_add").click().run()
        assert "The sample has 2.5 for an id." in said(app)
        assert not desk_of(app).workspace.manifest.samples
        app.segmented_control(key="try_way").set_value("Type").run()
        app.text_area(key="try_typed").set_value("4, 8, -1, 16, 3").run()
        assert "The input has -1 for an id." in said(app)
        app.segmented_control(key="try_way").set_value("Upload").run()
        app.file_uploader(key="try_file_numbers").upload("mine.csv", b"4,8,15,0.5,3\n")
        app.run()
        assert "has 0.5 for an id." in said(app)
