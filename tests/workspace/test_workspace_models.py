"""Uploaded models that were chosen before: which are kept, and until when."""

from __future__ import annotations

import pytest

from odt_core.errors import ModelError
from odt_core.samples import Labels
from odt_core.workspace import Limits, Workspaces

LABELS = Labels(("a", "b"))


def names(workspace) -> list[str]:
    return [model.name for model in workspace.manifest.models]


@pytest.fixture
def make(tmp_path):
    opened = []

    def workspace(**limits):
        workspaces = Workspaces(tmp_path, Limits(**limits))
        opened.append((workspaces, workspaces.create()))
        return opened[-1][1]

    yield workspace
    for workspaces, one in opened:
        workspaces.close(one.token)


def fill(workspace, count: int) -> None:
    for k in range(count):
        workspace.set_model(f"m{k}", LABELS, data=b"model %d" % k)


def test_model_is_chosen_again_with_what_was_said_about_it(make):
    workspace = make()
    workspace.set_model("mine", LABELS, data=b"mine")
    workspace.describe_model(Labels(("x", "y")), choice={"train": "fit"}, card=None)
    mine = workspace.manifest.model
    workspace.set_model("Digits", LABELS, bundled="digits")
    assert workspace.manifest.models == (mine,)
    workspace.choose_again(mine.key)
    assert workspace.manifest.model == mine
    assert [label.name for label in workspace.manifest.labels] == ["x", "y"]
    assert workspace.model_bytes() == b"mine"
    assert workspace.manifest.models == ()


def test_newest_are_kept_and_their_files_with_them(make):
    workspace = make(models_before=2)
    fill(workspace, 4)
    assert names(workspace) == ["m2", "m1"]
    workspace.collect_garbage()
    workspace.choose_again(workspace.manifest.models[1].key)
    assert workspace.model_bytes() == b"model 1"
    assert names(workspace) == ["m3", "m2"]


def test_large_models_are_kept_while_there_is_room(make):
    workspace = make(model_bytes=15)
    fill(workspace, 4)
    assert names(workspace) == ["m2", "m1"]  # of seven bytes each


def test_one_that_does_not_fit_ends_the_list_and_a_lost_file_does_not(make):
    workspace = make(model_bytes=16)
    for name, size in (("old", 2), ("lost", 8), ("new", 8)):
        workspace.set_model(name, LABELS, data=name[:1].encode() * size)
    lost = workspace.manifest.models[0]
    assert names(workspace) == ["lost", "old"]
    (workspace._folder / "models" / f"{lost.sha256}.tflite").unlink()
    with pytest.raises(ModelError, match="not kept any more"):
        workspace.choose_again(lost.key)
    assert workspace.model_bytes() == b"n" * 8
    workspace.set_model("Digits", LABELS, bundled="digits")
    assert names(workspace) == ["new", "old"]


def test_file_that_was_uploaded_before_is_as_it_was_described(make):
    workspace = make()
    workspace.set_model("mine", LABELS, data=b"mine")
    workspace.describe_model(Labels(("x", "y")), choice={"train": "fit"}, card=None)
    workspace.set_model("other", LABELS, data=b"other")
    workspace.set_model("mine, copied", LABELS, data=b"mine")
    model = workspace.manifest.model
    assert (model.name, model.outputs, model.choice) == (
        "mine, copied",
        ("x", "y"),
        '{"train": "fit"}',
    )
    assert names(workspace) == ["other"]


def test_model_that_is_not_kept_says_so(make):
    workspace = make()
    fill(workspace, 1)
    with pytest.raises(ModelError, match="not kept any more"):
        workspace.choose_again("sha256:0")


def test_erasing_leaves_the_present_model_alone(make):
    workspace = make()
    fill(workspace, 3)
    workspace.erase()
    assert names(workspace) == []
    assert workspace.model_bytes() == b"model 2"


def test_models_come_back_when_the_workspace_is_opened_again(tmp_path):
    workspaces = Workspaces(tmp_path, Limits())
    workspace = workspaces.create()
    fill(workspace, 2)
    workspaces.close(workspace.token)
    again = workspaces.open(workspace.token)
    assert names(again) == ["m0"]
    again.choose_again(again.manifest.models[0].key)
    assert again.model_bytes() == b"model 0"
    workspaces.close(workspace.token)
