"""Pictures, archives, tables and labels that somebody made up to break the reader."""

from __future__ import annotations

import contextlib
import io
import warnings
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from odt_core.errors import LabelError, OdtError, SampleError
from odt_core.samples import Labels, RawSamples, clean_label, decode_image, read_samples
from odt_core.samples.table import read_table
from odt_core.workspace import Source, Workspace, Workspaces
from tests.hostile.damage import anything, damaged

FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "GIF", "TIFF")
PIXELS = np.arange(16 * 12 * 3, dtype=np.uint8).reshape(16, 12, 3)


def picture(kind: str) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(PIXELS).save(stream, kind)
    return stream.getvalue()


def archive(members: list[tuple[str, bytes]], packed: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A zip whose members have these names, whatever is in them."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as file, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # names may be there twice
        for name, data in members:
            member = zipfile.ZipInfo()
            member.filename = name
            member.compress_type = packed
            file.writestr(member, data)
    return stream.getvalue()


def arrays(**named: np.ndarray) -> bytes:
    stream = io.BytesIO()
    np.savez(stream, **named)
    return stream.getvalue()


PICTURES = {kind: picture(kind) for kind in FORMATS}
ZIP = archive([("a/1.png", PICTURES["PNG"]), ("b/2.jpg", PICTURES["JPEG"])])
NPZ = arrays(x=np.zeros((2, 4, 4), np.uint8), y=np.array([0, 1]))
NESTED = archive([("a.zip", ZIP), ("c/3.gif", PICTURES["GIF"])])
LZMA = archive([("a/1.png", PICTURES["PNG"])], zipfile.ZIP_LZMA)
BZIP2 = archive([("a/1.png", PICTURES["PNG"])], zipfile.ZIP_BZIP2)
CSV = b"a,b,c,label\n1,2,3,cat\n4,5.5,-6e2,dog\n"

names = st.text(
    st.sampled_from("ab/.\\:\x00\n <>=\u202e\ud7ffé一") | st.characters(codec="utf-8"),
    min_size=1,
    max_size=24,
)
contents = st.one_of(
    st.sampled_from([*PICTURES.values(), ZIP, NPZ, b""]),
    damaged(PICTURES["PNG"]),
    damaged(ZIP),
    st.binary(max_size=60),
)


def looks_like(raw: object) -> bool:
    """Whether this is what a reader promises."""
    return (
        isinstance(raw, RawSamples)
        and len(raw.items) == len(raw.labels) == len(raw.names)
        and all(clean_label(label) == label for label in raw.labels)
        and all(item.dtype in (np.uint8, np.float32) for item in raw.items)
    )


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("hostile")


@pytest.fixture(scope="module")
def workspace(root: Path) -> Iterator[Workspace]:
    workspaces = Workspaces(root)
    workspace = workspaces.create()
    workspace.set_model("digits", Labels((None,) * 200), bundled="digits")
    yield workspace
    workspaces.close(workspace.token)


def on_disk(root: Path) -> set[tuple[str, int]]:
    """Every file below with its size."""
    return {(str(path), path.stat().st_size) for path in root.rglob("*") if path.is_file()}


class TestPictures:
    @pytest.mark.parametrize("kind", FORMATS)
    def test_picture_when_damaged_is_read_or_refused(self, kind):
        @given(damaged(PICTURES[kind], 40))
        def check(data: bytes) -> None:
            try:
                item = decode_image(data, "x")
            except SampleError:
                return
            assert item.dtype == np.uint8
            assert item.ndim in (2, 3)

        check()

    @given(st.binary(max_size=200))
    def test_bytes_when_out_of_nowhere_are_read_or_refused(self, data):
        with pytest.raises(SampleError):
            decode_image(data, "x")


class TestArchives:
    @given(anything(ZIP, NPZ, NESTED, LZMA, BZIP2, head=200))
    def test_archive_when_damaged_is_read_or_refused(self, data):
        with contextlib.suppress(OdtError):
            assert looks_like(read_samples(data, "x.zip"))

    @given(st.lists(st.tuples(names, contents), max_size=4))
    def test_archive_when_members_have_odd_names_is_read_or_refused(self, members):
        data = archive(members)
        with contextlib.suppress(OdtError):
            assert looks_like(read_samples(data, "x.zip"))

    @given(
        st.sampled_from(
            [np.uint8, np.int64, np.float16, np.float32, np.float64, np.complex64, "S3"]
        ),
        st.lists(st.integers(0, 4), max_size=4),
        st.sampled_from([np.int8, np.uint64, np.float32, "U3", "S2", "M8[s]"]),
        st.lists(st.integers(0, 4), max_size=2),
    )
    def test_npz_when_shapes_and_types_are_odd_is_read_or_refused(self, x, x_shape, y, y_shape):
        data = arrays(x=np.zeros(x_shape, x), y=np.zeros(y_shape, y))
        with contextlib.suppress(OdtError):
            assert looks_like(read_samples(data, "x.npz"))

    @given(st.lists(st.tuples(names, contents), min_size=1, max_size=3), st.data())
    def test_workspace_when_an_archive_is_refused_is_as_before(
        self, workspace, root, members, data
    ):
        whole = archive(members)
        before, files = workspace.manifest, on_disk(root)
        try:
            raw = read_samples(data.draw(damaged(whole, 120) | st.just(whole)), "x.zip")
            report = workspace.add_raw(raw, Source.UPLOAD)
        except OdtError:
            assert workspace.manifest == before
            assert on_disk(root) == files
            return
        assert len(workspace.manifest.samples) == len(before.samples) + len(report.added)


class TestTables:
    @given(anything(CSV, CSV.replace(b",", b";"), CSV.decode().encode("utf-16"), head=40))
    def test_table_when_damaged_is_read_or_refused(self, data):
        with contextlib.suppress(OdtError):
            assert looks_like(read_table(data, "x.csv"))

    @given(
        st.lists(
            st.lists(
                st.sampled_from(["1", "-2.5", "1e999", "nan", "inf", "=1+1", "", '"', "1,5", "cat"])
                | st.text(max_size=6),
                max_size=5,
            ),
            max_size=5,
        ),
        st.sampled_from(",;\t| "),
        st.none() | st.lists(st.integers(0, 3), min_size=1, max_size=2),
    )
    def test_table_when_cells_are_odd_is_read_or_refused(self, rows, delimiter, shape):
        text = "\n".join(delimiter.join(row) for row in rows)
        try:
            raw = read_table(text.encode("utf-8", "surrogatepass"), "x.csv", input_shape=shape)
        except OdtError:
            return
        assert all(np.isfinite(item).all() for item in raw.items)


class TestLabels:
    @given(st.text(max_size=60))
    def test_label_when_typed_is_cleaned_or_refused(self, text):
        try:
            name = clean_label(text)
        except LabelError:
            return
        assert clean_label(name) == name
        assert name.isprintable()
        assert not set(name) & set("/\\\x00\n\r\t")

    @given(st.text(max_size=50), st.text(max_size=50))
    def test_label_when_added_and_renamed_changes_all_or_nothing(self, workspace, one, other):
        before = workspace.manifest
        try:
            label = workspace.add_label(one)
        except OdtError:
            assert workspace.manifest == before
            return
        added = workspace.manifest
        try:
            workspace.rename_label(label.id, other)
        except OdtError:
            assert workspace.manifest == added
        workspace.delete_label(label.id)
        assert len(workspace.manifest.labels) == len(before.labels)
