"""Files that carry code or odd names: Keras models, pickles, zips in and out."""

from __future__ import annotations

import io
import json
import pickle
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from odt_core.errors import AuthoringError, CheckpointError, LabelError, SampleError
from odt_core.samples import Labels, RawSamples, read_samples
from odt_core.workspace import Source, Workspaces

NASTY = [
    "=HYPERLINK(1)",
    "+1+cmd",
    "-2+3",
    "@SUM(A1)",
    "<img src=x onerror=alert(1)>",
    "a b; rm -rf ~",
    "CON",
    "..hidden.",
    "x:y*?",
    '"quoted"',
    "$(id)`id`",
    "‮gpj.exe",
]


def png() -> bytes:
    stream = io.BytesIO()
    Image.new("L", (8, 8), 90).save(stream, "PNG")
    return stream.getvalue()


def zip_of(*names: str) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name in names:
            archive.writestr(name, png())
    return stream.getvalue()


class Bomb:
    """Unpickling this makes a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


@pytest.fixture(scope="module")
def keras():
    return pytest.importorskip("keras")


@pytest.fixture(scope="module")
def plain(keras, tmp_path_factory):
    """A harmless .keras file."""
    path = tmp_path_factory.mktemp("keras") / "plain.keras"
    keras.Sequential([keras.Input((2,)), keras.layers.Dense(1, name="d")]).save(path)
    return path


@pytest.fixture
def workspace(tmp_path):
    """A workspace whose model has free outputs."""
    workspace = Workspaces(tmp_path / "workspaces").create()
    workspace.set_model("digits", Labels((None,) * 4), bundled="digits")
    return workspace


class TestKerasFiles:
    @pytest.mark.parametrize("suffix", [".keras", ".h5"])
    @pytest.mark.parametrize("nested", [False, True], ids=["plain", "nested"])
    def test_lambda_layer_when_in_a_file_is_refused_before_its_code_runs(
        self, keras, tmp_path, suffix, nested
    ):
        from odt_core.authoring.keras_files import load_keras_model

        mark = tmp_path / "ran"
        layer = keras.layers.Lambda(lambda x, path=str(mark): (open(path, "w").close(), x)[1])
        parts = [keras.Sequential([keras.Input((2,)), layer])] if nested else [layer]
        path = tmp_path / f"evil{suffix}"
        keras.Sequential([keras.Input((2,)), *parts]).save(path)
        mark.unlink(missing_ok=True)  # building the model has run it already
        with pytest.raises(AuthoringError, match="Lambda"):
            load_keras_model(path)
        assert not mark.exists()

    @pytest.mark.parametrize(
        ("module", "name"), [("os", "system"), ("subprocess", "Popen"), ("builtins", "eval")]
    )
    def test_class_when_it_names_something_outside_keras_is_refused(
        self, plain, tmp_path, module, name
    ):
        from odt_core.authoring.keras_files import load_keras_model

        mark = tmp_path / "ran"
        path = tmp_path / "evil.keras"
        with zipfile.ZipFile(plain) as old, zipfile.ZipFile(path, "w") as new:
            for member in old.namelist():
                data = old.read(member)
                if member == "config.json":
                    config = json.loads(data)
                    layer = config["config"]["layers"][-1]
                    layer["module"], layer["class_name"] = module, name
                    layer["registered_name"] = None
                    layer["config"] = {"command": f"touch {mark}", "args": f"touch {mark}"}
                    data = json.dumps(config).encode()
                new.writestr(member, data)
        with pytest.raises(AuthoringError):
            load_keras_model(path)
        assert not mark.exists()


class TestPickles:
    def test_npz_when_it_holds_a_pickle_is_refused_unopened(self, tmp_path):
        mark = tmp_path / "ran"
        stream = io.BytesIO()
        bombs = np.array([Bomb(mark)], dtype=object)
        np.savez(stream, x=bombs, y=np.array([0]), allow_pickle=True)
        with pytest.raises(SampleError):
            read_samples(stream.getvalue(), "evil.npz")
        assert not mark.exists()

    @pytest.mark.parametrize("protocol", [0, 2, 5])
    def test_pickle_when_named_as_another_file_is_refused_unopened(self, tmp_path, protocol):
        from odt_core.checkpoint import load_checkpoint

        mark = tmp_path / "ran"
        data = pickle.dumps(Bomb(mark), protocol)
        for name in ("evil.npz", "evil.zip", "evil.npy"):
            with pytest.raises(SampleError):
                read_samples(data, name)
        with pytest.raises(CheckpointError):
            load_checkpoint(data)
        assert not mark.exists()

    def test_member_when_it_is_a_pickle_with_a_pictures_name_is_refused(self, tmp_path):
        mark = tmp_path / "ran"
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w") as archive:
            archive.writestr("a/1.png", pickle.dumps(Bomb(mark)))
        with pytest.raises(SampleError):
            read_samples(stream.getvalue(), "evil.zip")
        assert not mark.exists()


class TestZips:
    @pytest.mark.parametrize(
        "name",
        [
            "../up/1.png",
            "a/../../1.png",
            "/etc/1.png",
            "\\\\server\\share\\1.png",
            "..\\up\\1.png",
            "C:\\a\\1.png",
            "C:/a/1.png",
        ],
    )
    def test_zip_when_a_name_leads_out_of_it_is_refused_whole(self, name):
        with pytest.raises(SampleError, match="leads out"):
            read_samples(zip_of("good/1.png", name), "evil.zip")

    @pytest.mark.parametrize("label", NASTY)
    def test_label_when_it_is_nasty_becomes_neither_path_nor_formula(
        self, workspace, tmp_path, label
    ):
        """What leaves as a zip again has names that no shell, spreadsheet or browser obeys."""
        raw = RawSamples((np.zeros((4, 4), np.uint8),), (label,), ("=1+1.png",))
        try:
            workspace.add_raw(raw, Source.UPLOAD)
        except LabelError:  # refused: then nothing of it is anywhere
            assert not workspace.manifest.labels
            return
        exported = zipfile.ZipFile(io.BytesIO(workspace.export_zip()))
        name, labels = exported.namelist()
        assert labels == "odt-labels.json"
        folder, file = name.split("/")
        assert file == "00001.png"
        assert not set(folder) & set('<>:"|?*\\`$;&\x00\u202e')
        assert folder.strip(" .") == folder
        assert folder.upper() != "CON"
        for path in (tmp_path / "workspaces").rglob("*"):
            assert label not in path.name

    def test_zip_when_exported_holds_pictures_and_labels_alone(self, workspace):
        raw = RawSamples((np.zeros((4, 4), np.uint8),), ("heart",), ("=cmd|' /C calc'!A0.png",))
        workspace.add_raw(raw, Source.UPLOAD)
        names = zipfile.ZipFile(io.BytesIO(workspace.export_zip())).namelist()
        assert [name.rsplit(".", 1)[1] for name in names] == ["png", "json"]
