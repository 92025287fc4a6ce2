import io
import zipfile
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from odt_core.errors import LabelError, SampleError, WorkspaceError
from odt_core.samples import Labels, RawSamples, Subset, read_samples
from odt_core.workspace import Limits, Part, Source, Workspaces
from odt_core.workspace.pictures import encode


class TestAddSamples:
    def test_samples_come_back_as_they_were_given(self, workspace, workspaces):
        rng = np.random.default_rng(1)
        items = [
            rng.integers(0, 256, (28, 28), np.uint8),
            rng.integers(0, 256, (20, 30, 3), np.uint8),
            rng.integers(0, 256, (30, 20, 4), np.uint8),
            rng.normal(size=(7,)).astype(np.float32),
        ]
        label = workspace.manifest.labels[3].id
        report = workspace.add_samples(items, label, Source.UPLOAD, list("abcd"))
        workspaces.close(workspace.token)
        again = workspaces.open(workspace.token)
        for item, sample in zip(items, report.added, strict=True):
            stored = again.sample_array(sample.id)
            assert stored.dtype == item.dtype
            np.testing.assert_array_equal(stored, item)
        assert [sample.suffix for sample in report.added] == ["png", "png", "png", "npy"]

    def test_one_channel_is_stored_as_grey(self, workspace):
        label = workspace.manifest.labels[0].id
        item = np.arange(64, dtype=np.uint8).reshape(8, 8, 1)
        (sample,) = workspace.add_samples([item], label, Source.DRAW).added
        np.testing.assert_array_equal(workspace.sample_array(sample.id), item[:, :, 0])

    def test_every_third_of_five_is_set_aside(self, workspace, drawing):
        label = workspace.manifest.labels[0].id
        report = workspace.add_samples([drawing(k) for k in range(5)], label, Source.DRAW)
        assert [sample.part.value for sample in report.added] == [
            "train",
            "train",
            "test",
            "train",
            "train",
        ]
        assert report.summary == "Added 5 samples, 1 of them set aside for testing."

    def test_same_picture_again_is_ignored_and_reported(self, workspace, drawing):
        label = workspace.manifest.labels[0].id
        workspace.add_samples([drawing(0)], label, Source.DRAW)
        report = workspace.add_samples(
            [drawing(0), drawing(1), drawing(1)], label, Source.UPLOAD, ["a.png", "b.png", "c.png"]
        )
        assert [sample.origin for sample in report.added] == ["b.png"]
        assert report.duplicates == ("a.png", "c.png")
        assert report.summary == "Added 1 sample. 2 samples already there."

    def test_same_picture_under_another_label_is_added_and_reported(self, workspace, drawing):
        zero, one = (label.id for label in workspace.manifest.labels[:2])
        workspace.add_samples([drawing(0)], zero, Source.DRAW)
        report = workspace.add_samples([drawing(0)], one, Source.UPLOAD, ["x.png"])
        assert len(report.added) == 1
        assert [(other.name, other.label) for other in report.elsewhere] == [("x.png", "0")]

    def test_move_is_noted_with_its_time_and_undo_takes_the_note_back(
        self, workspace, workspaces, drawing
    ):
        label = workspace.manifest.labels[0].id
        first, second = workspace.add_samples([drawing(0), drawing(1)], label, Source.DRAW).added
        workspace.move_samples([first.id, second.id], Part.TEST)
        workspace.move_samples([first.id, second.id], Part.TEST)  # moves nothing
        workspaces.close(workspace.token)
        again = workspaces.open(workspace.token)
        moved = again.manifest.samples
        assert all(sample.part is Part.TEST and sample.moved >= sample.added for sample in moved)
        again.undo()
        assert [sample.moved for sample in again.manifest.samples] == [0.0, 0.0]

    def test_a_batch_with_a_bad_item_adds_nothing(self, workspace, drawing):
        label = workspace.manifest.labels[0].id
        before = workspace.manifest
        for bad in (
            np.zeros((28, 28), np.int64),
            np.zeros((28, 28, 2), np.uint8),
            np.zeros((0, 28), np.uint8),
            np.full((28,), np.nan, np.float32),
            np.zeros((28, 28), object),
        ):
            with pytest.raises(SampleError):
                workspace.add_samples([drawing(0), bad], label, Source.DRAW)
        assert workspace.manifest is before

    def test_an_unknown_label_is_refused(self, workspace, drawing):
        with pytest.raises(LabelError):
            workspace.add_samples([drawing(0)], "../../x", Source.DRAW)

    def test_a_large_picture_is_shrunk(self, workspace):
        label = workspace.manifest.labels[0].id
        item = np.zeros((1000, 3000, 3), np.uint8)
        (sample,) = workspace.add_samples([item], label, Source.CAMERA).added
        assert workspace.sample_array(sample.id).shape == (213, 640, 3)

    def test_numbers_are_not_given_twice_after_undo(self, workspace, drawing):
        label = workspace.manifest.labels[0].id
        workspace.add_samples([drawing(0)], label, Source.DRAW)
        workspace.undo()
        (sample,) = workspace.add_samples([drawing(1)], label, Source.DRAW).added
        assert sample.id == "s2"


class TestAddRaw:
    def test_new_names_get_new_labels_on_free_outputs(self, workspace, drawing):
        raw = RawSamples(
            tuple(drawing(k) for k in range(4)), ("3", "heart", "3", "Heart"), ("", "", "", "")
        )
        report = workspace.add_raw(raw, Source.EXAMPLE)
        assert "read the same are taken for one: 'Heart' for 'heart'." in report.summary
        assert [(label.name, label.output) for label in workspace.manifest.labels[9:]] == [
            ("9", 9),
            ("heart", 10),
        ]
        assert workspace.raw_samples().labels == ("3", "heart", "3", "heart")
        assert workspace.undo_step == "add 4 samples to 3 labels"

    def test_labels_that_differ_in_case_only_get_their_own_samples(self, tmp_path, drawing):
        workspace = Workspaces(tmp_path).create()
        workspace.set_model("letters", _labels("Aa"), bundled="letters")
        raw = RawSamples((drawing(0), drawing(1)), ("a", "A"), ("", ""))
        workspace.add_raw(raw, Source.UPLOAD)
        assert workspace.raw_samples().labels == ("a", "A")

    def test_more_new_names_than_free_outputs_add_nothing(self, workspace, drawing):
        before = workspace.manifest
        raw = RawSamples(tuple(drawing(k) for k in range(7)), tuple("abcdefg"), ("",) * 7)
        with pytest.raises(LabelError, match="no output left for 'g'"):
            workspace.add_raw(raw, Source.UPLOAD)
        assert workspace.manifest is before

    def test_outputs_that_samples_tell_of_come_with_them_or_not_at_all(self, workspace, drawing):
        workspace.set_model("m", _labels("01"), data=b"model")
        before = workspace.manifest
        items, names = (drawing(0), drawing(1)), ("", "")
        with pytest.raises(LabelError, match="no output left for 'heart'"):
            workspace.add_raw(RawSamples(items, ("2", "heart"), names), Source.UPLOAD, ["2"])
        assert workspace.manifest is before
        workspace.add_raw(RawSamples(items, ("2", "0"), names), Source.UPLOAD, ["2"])
        assert workspace.labels().names == ("0", "1", "2")
        workspace.undo()
        assert workspace.manifest == before

    def test_outputs_that_samples_tell_of_are_limited(self, tmp_path, drawing):
        workspace = Workspaces(tmp_path, Limits(labels=3)).create()
        workspace.set_model("m", _labels("01"), data=b"model")
        raw = RawSamples((drawing(0),), ("3",), ("",))
        with pytest.raises(LabelError, match="at most 3"):
            workspace.add_raw(raw, Source.UPLOAD, ["2", "3"])


class TestLimits:
    def test_samples_beyond_the_limit_are_refused_all_together(self, tmp_path, drawing):
        workspace = Workspaces(tmp_path, Limits(samples=3)).create()
        workspace.set_model("m", _labels("ab"), bundled="m")
        label = workspace.manifest.labels[0].id
        workspace.add_samples([drawing(0), drawing(1)], label, Source.DRAW)
        with pytest.raises(SampleError, match="more than 3"):
            workspace.add_samples([drawing(2), drawing(3)], label, Source.DRAW)
        assert len(workspace.manifest.samples) == 2

    def test_bytes_beyond_the_limit_are_refused_until_something_is_deleted(self, tmp_path):
        rng = np.random.default_rng(0)
        workspace = Workspaces(tmp_path, Limits(workspace_bytes=9_000, model_bytes=0)).create()
        workspace.set_model("m", _labels("ab"), bundled="m")
        label = workspace.manifest.labels[0].id

        def noise() -> np.ndarray:  # about 4.2 kB as a PNG
            return rng.integers(0, 256, (64, 64), np.uint8)

        workspace.add_samples([noise(), noise()], label, Source.DRAW)
        with pytest.raises(WorkspaceError, match="full"):
            workspace.add_samples([noise()], label, Source.DRAW)
        for _ in range(4):  # what undo keeps may be as large again, then its oldest steps go
            workspace.delete_samples([workspace.manifest.samples[0].id])
            workspace.add_samples([noise()], label, Source.DRAW)
        assert len(workspace.manifest.samples) == 2
        stored = sum(file.stat().st_size for file in tmp_path.glob("*/samples/*"))
        assert stored <= 18_000

    def test_full_disk_refuses_a_sample_and_costs_no_step_to_undo(self, tmp_path, monkeypatch):
        rng = np.random.default_rng(0)
        workspace = Workspaces(tmp_path, Limits(workspace_bytes=9_000, model_bytes=0)).create()
        workspace.set_model("m", _labels("ab"), bundled="m")
        label = workspace.manifest.labels[0].id
        noise = [rng.integers(0, 256, (64, 64), np.uint8) for _ in range(5)]  # 4.2 kB each
        for k in range(4):
            workspace.add_samples([noise[k]], label, Source.DRAW)
            workspace.delete_samples([workspace.manifest.samples[0].id])
        full = SimpleNamespace(free=Limits().spare_disk_bytes - 20_000)
        monkeypatch.setattr("shutil.disk_usage", lambda folder: full)
        with pytest.raises(WorkspaceError, match="no room"):
            workspace.add_samples([noise[4]], label, Source.DRAW)
        assert workspace.undo_step == "delete 1 sample of 'a'"
        full.free += 20_000  # as much as undo keeps makes the difference now
        workspace.add_samples([noise[4]], label, Source.DRAW)
        assert workspace.undo() == "add 1 sample to 'a'"
        assert workspace.undo_step is None

    def test_disk_that_is_short_of_what_undo_holds_takes_a_sample_in_its_place(
        self, tmp_path, drawing, monkeypatch
    ):
        workspace = Workspaces(tmp_path).create()
        workspace.set_model("m", _labels("ab"), bundled="m")
        label = workspace.manifest.labels[0].id
        noise = np.random.default_rng(0).integers(0, 256, (640, 640), np.uint8)  # 410 kB
        workspace.add_samples([noise], label, Source.DRAW)
        short = SimpleNamespace(free=Limits().spare_disk_bytes - 300_000)
        monkeypatch.setattr("shutil.disk_usage", lambda folder: short)
        with pytest.raises(WorkspaceError, match=r"disk is nearly full\. Ask .* to free 1 MB"):
            workspace.add_samples([drawing(0)], label, Source.DRAW)
        workspace.delete_samples(["s1"])
        workspace.add_samples([drawing(0)], label, Source.DRAW)
        assert [path.stat().st_size < 10_000 for path in tmp_path.glob("*/samples/*")] == [True]

    def test_workspace_whose_files_are_too_many_says_that_deleting_helps(self, tmp_path, drawing):
        workspace = Workspaces(tmp_path, Limits(workspace_bytes=9_000, model_bytes=0)).create()
        workspace.set_model("m", _labels("ab"), bundled="m")
        workspace.append_run(workspace.start_run(), [{"curve": "x" * 17_950}])
        with pytest.raises(WorkspaceError, match=r"no room .* workspace: .*Delete samples"):
            workspace.add_samples([drawing(0)], workspace.manifest.labels[0].id, Source.DRAW)

    def test_making_room_keeps_the_files_of_samples_that_come_back(self, tmp_path):
        rng = np.random.default_rng(0)
        workspace = Workspaces(tmp_path, Limits(workspace_bytes=9_000, model_bytes=0)).create()
        workspace.set_model("m", _labels("ab"), bundled="m")
        label = workspace.manifest.labels[0].id
        noise = [rng.integers(0, 256, (64, 64), np.uint8) for _ in range(5)]
        for item in noise[:4]:
            workspace.add_samples([item], label, Source.DRAW)
            workspace.delete_samples([workspace.manifest.samples[0].id])
        workspace.add_samples([noise[0], noise[4]], label, Source.DRAW)
        assert workspace.undo_step == "add 2 samples to 'a'"
        for item, stored in zip((noise[0], noise[4]), workspace.raw_samples().items, strict=True):
            np.testing.assert_array_equal(stored, item)

    def test_a_sample_file_that_is_too_large_is_refused(self, tmp_path):
        workspace = Workspaces(tmp_path, Limits(sample_bytes=1_000)).create()
        workspace.set_model("m", _labels("ab"), bundled="m")
        noise = np.random.default_rng(0).integers(0, 256, (64, 64), np.uint8)
        with pytest.raises(SampleError, match="smaller picture"):
            workspace.add_samples([noise], workspace.manifest.labels[0].id, Source.DRAW)

    def test_a_disk_that_is_nearly_full_is_left_alone(self, tmp_path, drawing):
        workspace = Workspaces(tmp_path, Limits(spare_disk_bytes=2**60)).create()
        workspace.set_model("m", _labels("ab"), bundled="m")
        with pytest.raises(WorkspaceError, match="no room"):
            workspace.add_samples([drawing(0)], workspace.manifest.labels[0].id, Source.DRAW)


class TestReading:
    def test_raw_samples_of_a_part_leave_out_the_other_and_disabled_labels(
        self, workspace, drawing
    ):
        zero, one = (label.id for label in workspace.manifest.labels[:2])
        workspace.add_samples([drawing(k) for k in range(5)], zero, Source.DRAW)
        workspace.add_samples([drawing(k) for k in range(5, 10)], one, Source.DRAW)
        workspace.enable_label(one, False)
        assert workspace.raw_samples(Part.TRAIN).labels == ("0",) * 4
        assert workspace.raw_samples(Part.TEST).labels == ("0",)

    def test_step_with_samples_without_a_label_says_how_many(self, workspace, drawing):
        workspace.add_samples([drawing(0), drawing(1)], "", Source.UPLOAD)
        workspace.move_samples(["s1", "s2"], Part.TEST)
        assert workspace.undo_step == "use 2 samples for testing"
        workspace.delete_samples(["s1"])
        assert workspace.undo_step == "delete 1 sample"

    def test_missing_and_damaged_files_are_skipped_and_reported(
        self, workspace, workspaces, drawing, tmp_path
    ):
        label = workspace.manifest.labels[0].id
        samples = workspace.add_samples([drawing(k) for k in range(5)], label, Source.DRAW).added
        folder = next(tmp_path.glob("workspaces/*/samples"))
        (folder / f"{samples[1].sha256}.png").unlink()
        (folder / f"{samples[3].sha256}.png").write_bytes(b"not a picture")
        workspaces.close(workspace.token)
        again = workspaces.open(workspace.token)
        assert again.missing == {"s2", "s4"}
        assert len(again.raw_samples()) == 3
        assert again.problems[0].startswith("2 files of samples or checkpoints cannot be read")
        with pytest.raises(SampleError, match="missing or damaged"):
            again.thumbnail("s2")

    def test_a_lost_sample_that_is_given_again_is_whole_again(self, workspace, drawing, tmp_path):
        label = workspace.manifest.labels[0].id
        (sample,) = workspace.add_samples([drawing(0)], label, Source.DRAW).added
        next(tmp_path.glob("workspaces/*/samples/*")).write_bytes(b"damaged")
        assert len(workspace.raw_samples()) == 0
        report = workspace.add_samples([drawing(0)], label, Source.DRAW, ["a.png"])
        assert report.duplicates == ("a.png",)
        assert workspace.missing == frozenset()
        np.testing.assert_array_equal(workspace.sample_array(sample.id), drawing(0))

    def test_a_damaged_sample_that_is_deleted_and_added_again_is_whole_again(
        self, workspace, drawing, tmp_path
    ):
        label = workspace.manifest.labels[0].id
        (sample,) = workspace.add_samples([drawing(0)], label, Source.DRAW).added
        file = next(tmp_path.glob("workspaces/*/samples/*"))
        file.write_bytes(bytes(sample.bytes))
        assert len(workspace.raw_samples()) == 0
        workspace.delete_samples([sample.id])
        assert workspace.problems == ()
        (again,) = workspace.add_samples([drawing(0)], label, Source.DRAW).added
        np.testing.assert_array_equal(workspace.sample_array(again.id), drawing(0))
        workspace.undo()
        workspace.undo()
        assert workspace.problems == ()
        np.testing.assert_array_equal(workspace.sample_array(sample.id), drawing(0))

    def test_a_damaged_file_that_nobody_has_noticed_is_written_again(
        self, workspace, drawing, tmp_path
    ):
        zero, one = (label.id for label in workspace.manifest.labels[:2])
        (sample,) = workspace.add_samples([drawing(0)], zero, Source.DRAW).added
        next(tmp_path.glob("workspaces/*/samples/*")).write_bytes(bytes(sample.bytes))
        (other,) = workspace.add_samples([drawing(0)], one, Source.DRAW).added
        np.testing.assert_array_equal(workspace.sample_array(other.id), drawing(0))

    def test_a_pickled_npy_is_not_loaded(self, workspace, tmp_path):
        label = workspace.manifest.labels[0].id
        (sample,) = workspace.add_samples([np.ones(4, np.float32)], label, Source.UPLOAD).added
        stream = io.BytesIO()
        np.save(stream, np.array([{}], object), allow_pickle=True)
        next(tmp_path.glob("workspaces/*/samples/*.npy")).write_bytes(stream.getvalue())
        with pytest.raises(SampleError):
            workspace.sample_array(sample.id)

    @pytest.mark.parametrize("sample_id", ["", "s0", "s99", "s-1", "../s1", "s1/../s1", "s１"])
    def test_an_unknown_sample_id_is_refused(self, workspace, drawing, sample_id):
        workspace.add_samples([drawing(0)], workspace.manifest.labels[0].id, Source.DRAW)
        with pytest.raises(SampleError):
            workspace.sample_file(sample_id)


class TestThumbnail:
    @pytest.mark.parametrize(
        ("item", "size"),
        [
            (np.zeros((200, 100), np.uint8), (24, 48)),
            (np.zeros((100, 200, 4), np.uint8), (48, 24)),
            (np.linspace(0, 1, 784, dtype=np.float32).reshape(28, 28, 1), (28, 28)),
            (np.linspace(0, 1, 10, dtype=np.float32), (48, 48)),  # bars
            (np.zeros((64, 3), np.float32), (48, 48)),  # a curve a channel
        ],
    )
    def test_thumbnail_fits_the_side_and_keeps_the_proportions(self, workspace, item, size):
        label = workspace.manifest.labels[0].id
        (sample,) = workspace.add_samples([item], label, Source.UPLOAD).added
        for _ in range(2):  # made, then remembered
            with Image.open(io.BytesIO(workspace.thumbnail(sample.id, 48))) as image:
                assert (image.format, image.size) == ("PNG", size)

    def test_another_workspace_cannot_ask_for_it(self, workspace, workspaces, drawing):
        workspace.add_samples([drawing(0)], workspace.manifest.labels[0].id, Source.DRAW)
        workspace.thumbnail("s1")
        with pytest.raises(SampleError):
            workspaces.create().thumbnail("s1")


class TestExportZip:
    def test_folders_are_labels_and_names_say_which_are_tests(self, workspace, drawing):
        label = workspace.add_label("my <b>cat: ?").id
        workspace.add_samples([drawing(k) for k in range(3)], label, Source.DRAW)
        with zipfile.ZipFile(io.BytesIO(workspace.export_zip())) as archive:
            assert archive.namelist() == [
                "my _b_cat_ _/00001.png",
                "my _b_cat_ _/00002.png",
                "my _b_cat_ _/00003-test.png",
                "odt-labels.json",
            ]

    def test_names_that_look_alike_get_folders_of_their_own(self, workspace, drawing):
        for k, name in enumerate(("a?", "a*", "CON", "...x.")):
            label = workspace.add_label(name).id
            workspace.add_samples([drawing(k)], label, Source.DRAW)
        with zipfile.ZipFile(io.BytesIO(workspace.export_zip())) as archive:
            folders = [name.split("/")[0] for name in archive.namelist()[:-1]]
        assert folders == ["a_", "a_ (2)", "_CON", "x"]

    def test_an_exported_zip_can_be_read_again(self, workspace, drawing):
        for k in range(6):
            label = workspace.manifest.labels[k % 2].id
            workspace.add_samples([drawing(k)], label, Source.DRAW)
        exported = workspace.export_zip()
        raw = read_samples(exported, name="export.zip", subset=Subset.BOTH)
        assert sorted(raw.labels) == ["0", "0", "0", "1", "1", "1"]
        sizes = [len(read_samples(exported, "export.zip", subset=one)) for one in Subset]
        assert sizes == [4, 2, 6]  # to train on, to test with, both

    def test_export_when_read_again_has_the_very_labels_and_test_samples(self, workspaces):
        names = (">20", "50%", "C#", ".NET", "samples", "Cat", "cat", "__MACOSX", "CON", "a:b")
        items = tuple(np.full(4, k, np.float32) for k in range(4 * len(names)))
        raw = RawSamples(items, names * 4, ("row",) * len(items))
        first, second = workspaces.create(), workspaces.create()
        for one in (first, second):
            one.set_model("own.tflite", Labels.numbered(len(names)), data=b"a model")
        first.add_raw(raw, Source.UPLOAD)
        first.move_samples([f"s{k}" for k in (1, 2, 3, 25)], Part.TEST)
        mine = read_samples(first.export_zip(), "mine.zip", subset=Subset.BOTH)
        second.add_raw(mine, Source.UPLOAD)
        assert kept(second) == kept(first)
        assert {name for name, *_ in kept(second)} == set(names)

    def test_zip_of_ours_with_a_labels_file_that_cannot_be_is_read_by_its_folders(self):
        for said in (b"no JSON", b'{"odt": 1, "labels": {"a_": ""  , "b": "x/y"}}', b"[1]"):
            stream = io.BytesIO()
            with zipfile.ZipFile(stream, "w") as archive:
                archive.writestr("a_/1-test.png", encode(np.zeros((8, 8), np.uint8), Limits())[0])
                archive.writestr("odt-labels.json", said)
            raw = read_samples(stream.getvalue(), "mine.zip")
            assert (raw.labels, raw.tests) == (("a_",), ())


def kept(workspace) -> list[tuple[str, str, str, Part]]:
    """Label, content, target and part of every sample."""
    names = {"": ""} | {label.id: label.name for label in workspace.manifest.labels}
    samples = workspace.manifest.samples
    return sorted((names[one.label], one.sha256, one.target, one.part) for one in samples)


def _labels(names: str) -> Labels:
    return Labels(tuple(names))


class TestNamesOfOutputs:
    @staticmethod
    def raw(*labels: str) -> RawSamples:
        items = tuple(np.full(4, k, np.float32) for k in range(len(labels)))
        return RawSamples(items, labels, tuple(f"row {k}" for k in range(len(labels))))

    def test_numbers_that_nobody_chose_give_way_to_the_names_of_samples(self, workspaces):
        workspace = workspaces.create()
        workspace.set_model("own.tflite", Labels.numbered(4), data=b"a model")
        workspace.add_raw(self.raw("fish", "cat", "dog", "cat"), Source.UPLOAD)
        manifest = workspace.manifest
        assert manifest.output_names() == ("cat", "dog", "fish", None)
        assert len(manifest.samples_of(manifest.labels[0].id)) == 2
        workspace.undo()
        assert workspace.manifest.output_names() == ("0", "1", "2", "3")

    def test_numbers_that_count_from_one_are_names(self, workspaces):
        workspace = workspaces.create()
        workspace.set_model("own.tflite", Labels.numbered(4), data=b"a model")
        workspace.add_raw(self.raw("4", "1", "3", "2"), Source.UPLOAD)
        assert workspace.manifest.output_names() == ("1", "2", "3", "4")
        assert workspace.raw_samples().labels == ("4", "1", "3", "2")

    @pytest.mark.parametrize("names", [("1", "cat"), ("3", "7"), ("a", "b", "c", "d", "e")])
    def test_known_names_or_too_many_are_no_reason_to_rename(self, workspaces, names):
        workspace = workspaces.create()
        workspace.set_model("own.tflite", Labels.numbered(4), data=b"a model")
        with pytest.raises(LabelError, match="Label names on the Model page"):
            workspace.add_raw(self.raw(*names), Source.UPLOAD)
        assert workspace.manifest.output_names() == ("0", "1", "2", "3")

    def test_one_upload_a_label_when_numbers_are_nobodys_gives_each_an_output(self, workspaces):
        workspace = workspaces.create()
        workspace.set_model("own.tflite", Labels.numbered(3), data=b"a model")
        for name in ("wave", "circle", "tap"):
            workspace.add_raw(self.raw(name), Source.UPLOAD)
        assert workspace.manifest.output_names() == ("wave", "circle", "tap")
        assert workspace.raw_samples().labels == ("wave", "circle", "tap")
        with pytest.raises(LabelError, match="no output left for 'jump'"):
            workspace.add_raw(self.raw("jump"), Source.UPLOAD)

    def test_number_that_has_samples_is_a_name(self, workspaces):
        workspace = workspaces.create()
        workspace.set_model("own.tflite", Labels.numbered(3), data=b"a model")
        workspace.add_raw(self.raw("1"), Source.UPLOAD)
        with pytest.raises(LabelError, match="no output left for 'cat'"):
            workspace.add_raw(self.raw("cat"), Source.UPLOAD)

    def test_output_that_the_person_named_keeps_its_name(self, workspaces):
        workspace = workspaces.create()
        workspace.set_model("own.tflite", Labels.numbered(3), data=b"a model")
        workspace.rename_label(workspace.manifest.labels[0].id, "mine")
        workspace.add_raw(self.raw("dog", "cat"), Source.UPLOAD)
        assert workspace.manifest.output_names() == ("mine", "cat", "dog")

    @pytest.mark.parametrize(("outputs", "named"), [(2, ()), (3, ("mine",)), (4, ("mine",))])
    def test_names_that_read_the_same_are_one_label(self, workspaces, outputs, named):
        workspace = workspaces.create()
        workspace.set_model("own.tflite", Labels.numbered(outputs), data=b"a model")
        for name in named:
            workspace.rename_label(workspace.manifest.labels[0].id, name)
        workspace.add_raw(self.raw("Heart", "heart", "Star"), Source.UPLOAD)
        names = [name for name in workspace.manifest.output_names() if name]
        assert names == [*named, "Heart", "Star"]
        assert workspace.raw_samples().labels == ("Heart", "Heart", "Star")

    def test_label_added_by_hand_takes_an_output_that_nobody_named(self, workspaces):
        workspace = workspaces.create()
        workspace.set_model("own.tflite", Labels.numbered(3), data=b"a model")
        assert workspace.add_label("heart").output == 0
        assert workspace.add_label("star").output == 1
        assert workspace.manifest.output_names() == ("heart", "star", None)
