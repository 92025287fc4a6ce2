"""Labels whose samples are of another kind than the model takes hold nothing, and come back."""

import io
import zipfile

import numpy as np
import pytest

from odt_core.samples import Labels, Preprocessing, RawSamples
from odt_core.workspace import Source
from odt_core.workspace.limits import Limits
from odt_core.workspace.manifest import ModelEntry, Part, SampleEntry
from odt_core.workspace.pictures import encode

DRAWINGS = Preprocessing("ink", (28, 28, 1))
FOUR = Preprocessing("none", (4,))


def listed(workspace) -> list[tuple[str, int | None, bool]]:
    return [(label.name, label.output, label.enabled) for label in workspace.manifest.labels]


def counted(workspace) -> dict[str, int]:
    return {
        label.name: len(workspace.manifest.samples_of(label.id))
        for label in workspace.manifest.labels
    }


@pytest.fixture
def drawn(workspace, drawing):
    """A workspace with two drawings each of 0, 1 and 2."""
    for k in range(6):
        workspace.add_samples([drawing(k)], workspace.manifest.labels[k % 3].id, Source.DRAW)
    return workspace


def numbers(workspace, *names: str, count: int = 3) -> None:
    """Choose a model of four numbers whose outputs have numbers for names; give it samples."""
    model = Labels.numbered(count)
    workspace.set_model("four.tflite", model, data=b"four", preprocessing=FOUR)
    if names:
        rows = tuple(np.full(4, k, np.float32) for k in range(len(names)))
        workspace.add_raw(RawSamples(rows, names, names), Source.UPLOAD)


def test_labels_of_drawings_leave_their_outputs_to_a_table(drawn):
    numbers(drawn, "yes", "no", "perhaps")
    assert listed(drawn) == [("no", 0, True), ("perhaps", 1, True), ("yes", 2, True)]
    assert [label.name for label in drawn.manifest.resting] == ["0", "1", "2"]
    assert len(drawn.manifest.samples) == 9


def test_a_label_of_the_same_name_is_another_one(drawn):
    numbers(drawn, "0", "1")
    assert counted(drawn) == {"0": 1, "1": 1, "2": 0}


def test_both_are_back_with_their_models(drawn):
    numbers(drawn, "0", "1")
    drawn.set_model("Digits", Labels.numbered(10), bundled="digits", preprocessing=DRAWINGS)
    assert counted(drawn) == {str(k): 2 * (k < 3) for k in range(10)}
    assert [label.name for label in drawn.manifest.resting] == ["0", "1"]
    drawn.choose_again(drawn.manifest.models[0].key)
    assert {name: n for name, n in counted(drawn).items() if n} == {"0": 1, "1": 1}
    assert [label.name for label in drawn.manifest.resting] == ["0", "1", "2"]


def test_undo_and_a_restart_know_who_rests(drawn, workspaces):
    numbers(drawn)
    drawn.undo()
    assert counted(drawn)["2"] == 2
    assert drawn.manifest.resting == ()
    drawn.redo()
    before = drawn.manifest
    workspaces.close(drawn.token)
    assert workspaces.open(drawn.token).manifest == before


def test_numbers_of_another_size_rest_too(drawn):
    numbers(drawn, "yes", "no")
    five = Preprocessing("none", (5,))
    drawn.set_model("five.tflite", Labels.numbered(2), data=b"five", preprocessing=five)
    assert listed(drawn) == [("0", 0, True), ("1", 1, True)]
    assert {label.name for label in drawn.manifest.resting} == {"0", "1", "2", "yes", "no"}


def test_a_label_with_one_sample_that_fits_stays(drawn):
    pixels = np.zeros((28, 28, 1), np.float32)
    drawn.add_samples([pixels], drawn.manifest.labels[0].id, Source.UPLOAD)
    flat = Preprocessing("none", (784,))
    drawn.set_model("flat.tflite", Labels.numbered(2), data=b"flat", preprocessing=flat)
    assert counted(drawn) == {"0": 3, "1": 0}


def test_saying_that_the_input_is_a_picture_wakes_them(drawn):
    flat = Preprocessing("none", (784,))
    drawn.set_model("flat.tflite", Labels.numbered(3), data=b"flat", preprocessing=flat)
    assert counted(drawn) == {"0": 0, "1": 0, "2": 0}
    said = Preprocessing("ink", (784,), picture=(28, 28))
    drawn.describe_model(
        Labels.numbered(3), choice=None, card={"preprocessing": said.to_json()}, preprocessing=said
    )
    assert listed(drawn) == [("0", 0, True), ("1", 1, True), ("2", 2, True)]
    assert counted(drawn) == {"0": 2, "1": 2, "2": 2}
    drawn.describe_model(Labels.numbered(3), choice=None, card=None, preprocessing=flat)
    assert counted(drawn) == {"0": 0, "1": 0, "2": 0}


def test_the_same_file_again_is_as_it_says_itself(drawn):
    flat = Preprocessing("none", (784,))
    drawn.set_model("flat.tflite", Labels.numbered(3), data=b"flat", preprocessing=flat)
    said = Preprocessing("ink", (784,), picture=(28, 28))
    drawn.describe_model(
        Labels.numbered(3), choice=None, card={"preprocessing": said.to_json()}, preprocessing=said
    )
    drawn.set_model("flat.tflite", Labels.numbered(3), data=b"flat", preprocessing=flat)
    assert counted(drawn) == {"0": 0, "1": 0, "2": 0}


def test_two_labels_of_one_name_become_one_when_both_fit(drawn):
    """Drawings, then numbers that a model of pictures takes as well."""
    flat = Preprocessing("none", (784,))
    names = Labels(("0", None))
    drawn.set_model("flat.tflite", names, data=b"flat", preprocessing=flat)
    rows = (np.zeros(784, np.float32), np.ones(784, np.float32))
    drawn.add_raw(RawSamples(rows, ("0", "new"), ("a", "b")), Source.UPLOAD)
    names = Labels((*"0123456789", None, None))
    drawn.set_model("Digits", names, bundled="digits", preprocessing=DRAWINGS)
    assert {name: n for name, n in counted(drawn).items() if n} == {
        "0": 3, "1": 2, "2": 2, "new": 1,
    }  # fmt: skip
    assert drawn.manifest.resting == ()
    assert drawn.labels().names[10] == "new"


def test_an_output_is_free_once_its_label_rests(drawn):
    names = Labels(("sit", None))
    drawn.set_model("four.tflite", names, data=b"four", preprocessing=FOUR)
    assert drawn.add_label("walk").output == 1


def test_a_label_at_rest_whose_samples_are_deleted_is_gone(drawn):
    numbers(drawn)
    drawn.delete_samples([sample.id for sample in drawn.manifest.samples])
    drawn.set_model("Digits", Labels.numbered(10), bundled="digits", preprocessing=DRAWINGS)
    assert drawn.manifest.resting == ()


def test_the_download_has_one_folder_for_both(drawn):
    numbers(drawn, "0")
    archive = zipfile.ZipFile(io.BytesIO(drawn.export_zip()))
    samples = [name for name in archive.namelist() if name != "odt-labels.json"]
    assert {name.split("/")[0] for name in samples} == {"0", "1", "2"}
    assert len(samples) == 7


def test_deleting_samples_at_rest_is_told_by_their_label(drawn):
    first = drawn.manifest.samples[0].id
    numbers(drawn)
    drawn.delete_samples([first])
    assert drawn.undo() == "delete 1 sample of '0'"


def test_emptying_takes_them_along(drawn):
    numbers(drawn)
    drawn.reset()
    assert drawn.manifest.resting == ()


@pytest.mark.parametrize("shape", [(), (1,), (4,), (28, 28, 1), (1000, 3), (2, 3, 4, 5, 6, 7)])
def test_how_many_numbers_a_sample_holds_is_told_by_its_size(shape):
    data, suffix = encode(np.zeros(shape, np.float32), Limits())
    sample = SampleEntry(1, "", suffix, len(data), "", Part.TRAIN, Source.UPLOAD, "", 0.0)
    assert sample.numbers == np.zeros(shape).size


def test_where_it_is_not_known_what_a_model_takes_it_takes_all():
    sample = SampleEntry(1, "", "png", 99, "", Part.TRAIN, Source.DRAW, "", 0.0)
    assert ModelEntry("m", None, "0", ()).takes(sample)
    assert not ModelEntry("m", None, "0", (), sees_pictures=False, input_size=4).takes(sample)
