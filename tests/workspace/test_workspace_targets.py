"""Samples of numbers and their targets: kept exactly, once, undone, exported, read again."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from odt_core.errors import LabelError, ModelError, SampleError
from odt_core.samples import Labels, Subset, read_samples
from odt_core.workspace import Part, Source, Workspaces
from odt_core.workspace.archive import zip_samples

X = [np.array([k, -1.5], np.float32) for k in range(6)]
Y = [np.array([k / 3, 2.0], np.float32) for k in range(6)]


@pytest.fixture
def filled(workspace):
    workspace.add_samples(X, "", Source.UPLOAD, [f"r{k}" for k in range(6)], Y)
    return workspace


class TestTargets:
    def test_target_when_kept_is_the_very_one(self, filled):
        for sample, target in zip(filled.manifest.samples, Y, strict=True):
            assert np.array_equal(filled.sample_target(sample.id), target)
            assert filled.sample_target(sample.id).dtype == np.float32

    def test_target_without_a_shape_keeps_having_none(self, workspace):
        workspace.add_samples(X[:1], "", Source.UPLOAD, [], [np.array(2.5, np.float32)])
        (sample,) = workspace.manifest.samples
        target = workspace.sample_target(sample.id)
        assert (target.shape, float(target)) == ((), 2.5)

    def test_unlabelled_samples_are_set_aside_too(self, filled):
        parts = [sample.part for sample in filled.manifest.samples]
        assert parts[2] is Part.TEST

    def test_same_input_with_another_target_is_another_sample(self, workspace):
        workspace.add_samples([X[0]], "", Source.UPLOAD, [], [Y[0]])
        report = workspace.add_samples([X[0]] * 2, "", Source.UPLOAD, [], [Y[0], Y[1]])
        assert (len(report.added), len(report.duplicates)) == (1, 1)

    def test_rows_of_numbers_that_come_several_times_are_as_many_samples(self, workspace):
        rows = [X[k % 2] for k in range(10)]
        targets = [Y[k % 2] for k in range(10)]
        assert len(workspace.add_samples(rows, "", Source.UPLOAD, [], targets).added) == 10
        again = workspace.add_samples(rows, "", Source.UPLOAD, [], targets)
        assert (len(again.added), len(again.duplicates)) == (0, 10)
        longer = workspace.add_samples([*rows, X[0]], "", Source.UPLOAD, [], [*targets, Y[0]])
        assert (len(longer.added), len(longer.duplicates)) == (1, 10)
        workspace.delete_samples([workspace.manifest.samples[0].id])
        assert len(workspace.raw_samples()) == 10
        assert np.array_equal(workspace.sample_array("s3"), X[0])

    def test_undo_takes_samples_and_targets_back_and_redo_brings_them(self, filled):
        filled.undo()
        assert filled.manifest.samples == ()
        filled.redo()
        assert np.array_equal(filled.sample_target("s3"), Y[2])

    def test_targets_survive_a_restart(self, workspaces, filled):
        workspaces.close(filled.token)
        again = workspaces.open(filled.token)
        assert np.array_equal(again.sample_target("s6"), Y[5])
        assert again.problems == ()

    def test_target_whose_file_is_gone_is_missed(self, workspaces, filled):
        sha = filled.manifest.samples[1].target
        workspaces.close(filled.token)
        next(workspaces._root.glob(f"*/samples/{sha}.npy")).unlink()
        again = workspaces.open(filled.token)
        assert again.missing == {"s2"}
        with pytest.raises(SampleError, match="target of the sample r1 is missing"):
            again.sample_target("s2")
        assert len(again.raw_samples()) == 5

    def test_export_when_read_again_gives_the_same(self, filled):
        raw = read_samples(filled.export_zip(), "mine.zip", subset=Subset.BOTH)
        assert [item.tolist() for item in raw.items] == [x.tolist() for x in X]
        assert [target.tolist() for target in raw.targets] == [y.tolist() for y in Y]
        assert raw.tests == (False, False, True, False, False, False)
        assert raw.labels == ("",) * 6

    def test_largest_export_is_read_again(self, filled):
        (sample, *_) = filled.manifest.samples
        data, _ = filled.sample_file(sample.id)
        files = [(replace(sample, number=k), data, data) for k in range(1, 5_001)]
        raw = read_samples(zip_samples((), files), "mine.zip")
        assert len(raw) == len(raw.targets) == 5_000
        assert all(target is not None for target in raw.targets)

    @pytest.mark.parametrize("target", [np.array([np.nan], np.float32), np.array([1.0])])
    def test_target_that_cannot_be_kept_changes_nothing(self, workspace, target):
        before = workspace.manifest
        with pytest.raises(SampleError):
            workspace.add_samples(X[:2], "", Source.UPLOAD, [], [Y[0], target])
        assert workspace.manifest is before


class TestDescription:
    def test_labels_renamed_by_the_model_keep_their_samples(self, workspace):
        workspace.set_model("m", Labels(("0", "1", "2")), data=b"model")
        label = workspace.manifest.labels[1]
        workspace.add_samples(X, label.id, Source.UPLOAD)
        workspace.describe_model(Labels(("sit", "walk", "run")), choice=None, card=None)
        assert [one.name for one in workspace.manifest.labels] == ["sit", "walk", "run"]
        assert len(workspace.manifest.samples_of(label.id)) == 6
        workspace.undo()
        assert [one.name for one in workspace.manifest.labels] == ["0", "1", "2"]

    def test_label_renamed_by_the_person_stays_when_only_the_input_is_described(self, workspace):
        workspace.set_model("m", Labels(("0", "1")), data=b"model")
        workspace.rename_label(workspace.manifest.labels[0].id, "mine")
        workspace.describe_model(Labels(("0", "1")), choice=None, card={"preprocessing": {}})
        assert workspace.manifest.labels[0].name == "mine"

    def test_label_of_the_person_on_a_free_output_stays(self, workspace):
        label = workspace.add_label("heart")
        names = ("zero", *"123456789", *[None] * 6)
        workspace.describe_model(Labels(names), choice=None, card=None)
        assert workspace.manifest.label(label.id) == label
        assert workspace.labels().names[:2] == ("zero", "1")

    def test_label_without_an_output_any_more_rests_with_its_samples(self, workspace):
        workspace.set_model("m", Labels(("0", "1", "2")), data=b"model")
        label = workspace.manifest.labels[2]
        workspace.add_samples(X, label.id, Source.UPLOAD)
        workspace.describe_model(Labels(("0", "1")), choice={"task": "binary"}, card=None)
        resting = workspace.manifest.label(label.id)
        assert (resting.output, resting.enabled) == (None, False)
        assert len(workspace.manifest.samples) == 6
        workspace.describe_model(Labels(("0", "1", "2")), choice=None, card=None)
        assert workspace.manifest.label(label.id).output == 2

    @pytest.mark.parametrize(
        ("told", "outputs", "left"),
        [
            (("pen", None), {"pen": 0}, ["mug"]),
            (("pen", "mug"), {"pen": 0, "mug": 1}, []),
            (("Pen", "cup"), {"Pen": 0, "cup": 1}, ["mug"]),
            (("cup", "mug"), {"mug": 1, "cup": 0}, ["pen"]),
        ],
    )
    def test_label_goes_where_its_name_goes(self, workspace, told, outputs, left):
        workspace.set_model("m", Labels(("mug", "pen")), data=b"model")
        mug, pen = workspace.manifest.labels
        workspace.add_samples(X[:2], mug.id, Source.UPLOAD)
        workspace.add_samples(X[2:], pen.id, Source.UPLOAD)
        workspace.describe_model(Labels(told), choice=None, card=None)
        labels = workspace.manifest.labels
        assert {one.name: one.output for one in labels if one.enabled} == outputs
        assert [one.name for one in labels if one.output is None] == left
        assert {one.id for one in labels} >= {mug.id, pen.id}
        assert workspace.labels().names == told

    def test_label_of_the_person_goes_to_another_free_output(self, workspace):
        label = workspace.add_label("heart")
        names = ("zero", *"123456789", None, "heart", *[None] * 4)
        workspace.describe_model(Labels(names), choice=None, card=None)
        assert workspace.manifest.label(label.id).output == 11
        assert workspace.labels().names == names

    def test_label_that_has_the_name_of_an_output_without_one_stays(self, workspace):
        workspace.set_model("m", Labels(("0", "1", "2")), data=b"model")
        first, second, _ = workspace.manifest.labels
        workspace.delete_label(second.id)
        workspace.rename_label(first.id, "1")
        workspace.describe_model(Labels(("0", "1", "two")), choice=None, card=None)
        assert workspace.labels().names == ("1", None, "two")

    def test_choice_and_card_survive_a_restart(self, workspaces: Workspaces, workspace):
        workspace.set_model("m", Labels(("0", "1")), data=b"model")
        workspace.describe_model(Labels(("0", "1")), choice={"loss": "l"}, card={"a": [1]})
        workspaces.close(workspace.token)
        model = workspaces.open(workspace.token).manifest.model
        assert (model.choice, model.card) == ('{"loss": "l"}', '{"a": [1]}')

    def test_description_that_cannot_be_changes_nothing(self, workspace):
        workspace.set_model("m", Labels(("0", "1")), data=b"model")
        before = workspace.manifest
        with pytest.raises(ModelError, match="too much text"):
            workspace.describe_model(Labels(("0", "1")), choice={"x": "y" * 70_000}, card=None)
        with pytest.raises(LabelError):
            workspace.describe_model(Labels(("a", "a")), choice=None, card=None)
        assert workspace.manifest is before
