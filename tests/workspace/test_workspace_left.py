"""A model that is chosen again has the labels and settings that it was left with."""

import numpy as np
import pytest

from odt_core.samples import Labels, RawSamples
from odt_core.workspace import Limits, Source, Workspaces
from tests.workspace.test_workspace_resting import DRAWINGS, FOUR, counted, listed, numbers


def digits(workspace) -> None:
    names = (*map(str, range(10)), None, None)
    workspace.set_model("Digits", Labels(names), bundled="digits", preprocessing=DRAWINGS)


@pytest.fixture
def table(workspace):
    """A model of four numbers whose outputs were named by its samples, and left for digits."""
    numbers(workspace, "yes", "no", count=3)
    workspace.set_settings({"epochs": 7})
    return workspace


def label(workspace, name: str):
    return next(one for one in workspace.manifest.labels if one.name == name)


def test_names_that_came_from_samples_are_back_on_their_outputs(table):
    before, settings = table.manifest.labels, table.manifest.settings
    assert listed(table) == [("no", 0, True), ("yes", 1, True), ("2", 2, False)]
    digits(table)
    assert table.manifest.settings == {}
    table.choose_again(table.manifest.models[0].key)
    assert listed(table) == [("no", 0, True), ("yes", 1, True), ("2", 2, False)]
    assert table.manifest.labels[:2] == before[:2]
    assert table.manifest.settings == settings


def test_names_that_a_person_gave_are_back(workspace, drawing):
    digits(workspace)
    workspace.rename_label(label(workspace, "7").id, "seven")
    workspace.rename_label(label(workspace, "8").id, "eight")
    workspace.add_label("heart")
    workspace.add_samples([drawing(0)], label(workspace, "seven").id, Source.DRAW)
    workspace.enable_label(label(workspace, "3").id, False)
    before = listed(workspace)
    numbers(workspace)
    digits(workspace)
    assert sorted(listed(workspace), key=str) == sorted(before, key=str)
    assert counted(workspace)["seven"] == 1


def test_a_label_that_was_renamed_in_between_keeps_its_new_name(workspace, drawing):
    digits(workspace)
    workspace.add_samples([drawing(0)], label(workspace, "7").id, Source.DRAW)
    faces = Labels(("a", None, None))
    workspace.set_model("Faces", faces, data=b"faces", preprocessing=DRAWINGS)
    workspace.rename_label(label(workspace, "7").id, "3")
    digits(workspace)
    assert ("3", 7, True) in listed(workspace)
    assert [one.name for one in workspace.manifest.labels].count("3") == 1
    workspace.add_label("heart")  # there are outputs left, that of 3 among them


def test_a_label_of_the_other_model_takes_no_output_of_one_that_was_left(workspace, drawing):
    digits(workspace)
    workspace.add_samples([drawing(0)], workspace.add_label("heart").id, Source.DRAW)
    workspace.set_model("Faces", Labels(("a", None)), data=b"faces", preprocessing=DRAWINGS)
    workspace.add_samples([drawing(1)], label(workspace, "a").id, Source.DRAW)
    digits(workspace)
    assert label(workspace, "heart").output == 10
    assert label(workspace, "a").output == 11


def test_the_next_version_of_a_file_has_the_labels_where_they_were(workspace):
    numbers(workspace, "yes", "no", "perhaps")
    workspace.set_model("v2.tflite", Labels.numbered(3), data=b"v2", preprocessing=FOUR)
    assert listed(workspace) == [("no", 0, True), ("perhaps", 1, True), ("yes", 2, True)]
    workspace.set_model("v3.tflite", Labels.numbered(5), data=b"v3", preprocessing=FOUR)
    assert listed(workspace)[:3] == [("no", 0, True), ("perhaps", 1, True), ("yes", 2, True)]
    assert listed(workspace)[3:] == [("3", 3, False), ("4", 4, False)]
    workspace.set_model("small.tflite", Labels.numbered(2), data=b"s", preprocessing=FOUR)
    assert [one.output for one in workspace.manifest.labels] == [0, 1, None, None, None]


def test_labels_beside_numbers_that_stand_for_samples_take_no_output_of_theirs(workspace, drawing):
    digits(workspace)
    workspace.add_samples([drawing(0)], label(workspace, "3").id, Source.DRAW)
    workspace.add_samples([drawing(1)], workspace.add_label("heart").id, Source.DRAW)
    workspace.set_model("mine", Labels.numbered(11), data=b"mine", preprocessing=DRAWINGS)
    assert label(workspace, "3").output == 3
    assert label(workspace, "3").enabled
    assert label(workspace, "heart").output is None


def test_a_name_that_was_given_to_another_output_is_there_once(workspace):
    digits(workspace)
    workspace.delete_label(label(workspace, "7").id)
    workspace.rename_label(label(workspace, "3").id, "7")
    numbers(workspace)
    digits(workspace)
    named = [one.name for one in workspace.manifest.labels if one.output is not None]
    assert named.count("7") == 1
    assert label(workspace, "7").output == 3
    assert workspace.labels().names[7] is None


def test_names_of_the_model_that_differ_in_case_alone_stay_two(workspace, drawing):
    letters = Labels(("A", "a", "b"))
    workspace.set_model("Letters", letters, data=b"letters", preprocessing=DRAWINGS)
    workspace.add_samples([drawing(0)], label(workspace, "A").id, Source.DRAW)
    for _ in range(2):
        digits(workspace)
        workspace.choose_again(workspace.manifest.models[0].key)
        assert workspace.labels().names == letters.names
        assert counted(workspace)["A"] == 1


def test_a_label_that_was_turned_off_is_so_on_the_next_version(workspace):
    numbers(workspace, "yes", "no", "perhaps")
    workspace.enable_label(label(workspace, "no").id, False)
    workspace.set_model("v2.tflite", Labels.numbered(3), data=b"v2", preprocessing=FOUR)
    assert listed(workspace) == [("no", 0, False), ("perhaps", 1, True), ("yes", 2, True)]


def test_a_label_that_came_later_takes_an_output_that_was_turned_off(workspace):
    numbers(workspace, "yes", "no")
    workspace.set_model("v2.tflite", Labels.numbered(4), data=b"v2", preprocessing=FOUR)
    rows = (np.full(4, 9, np.float32),)
    workspace.add_raw(RawSamples(rows, ("fox",), ("fox",)), Source.UPLOAD)
    assert label(workspace, "fox").output == 2
    workspace.choose_again(workspace.manifest.models[0].key)
    assert listed(workspace)[:2] == [("no", 0, True), ("yes", 1, True)]
    assert (label(workspace, "fox").output, label(workspace, "fox").enabled) == (2, True)


def test_what_was_left_is_known_after_a_restart_and_gone_after_emptying(tmp_path, drawing):
    workspaces = Workspaces(tmp_path, Limits())
    workspace = workspaces.create()
    numbers(workspace, "yes", "no")
    workspace.set_settings({"epochs": 7})
    digits(workspace)
    workspaces.close(workspace.token)
    again = workspaces.open(workspace.token)
    again.choose_again(again.manifest.models[0].key)
    assert listed(again)[:2] == [("no", 0, True), ("yes", 1, True)]
    assert again.manifest.settings == {"epochs": 7}
    digits(again)
    again.reset()
    again.choose_again(again.manifest.models[0].key)
    assert listed(again) == [("0", 0, True), ("1", 1, True), ("2", 2, True)]
    assert again.manifest.settings == {}
    workspaces.close(workspace.token)


def test_as_many_are_remembered_as_the_limit_says(tmp_path):
    workspaces = Workspaces(tmp_path, Limits(models_left=2))
    workspace = workspaces.create()
    for k in range(4):
        workspace.set_model(f"m{k}", Labels(("a", "b")), data=b"model %d" % k)
    assert len(workspace.manifest.left) == 2
    workspaces.close(workspace.token)
