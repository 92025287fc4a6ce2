"""Paths that lead to what never ends, or never begins: each reader of a file refuses them."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

import odt_core as odt
from odt_core.cli.main import main
from odt_core.errors import OdtError
from odt_core.files import read_within
from odt_core.samples.reading import read_file


class TestWhatIsNoOrdinaryFile:
    @pytest.mark.parametrize("read", [odt.load_model, odt.read_samples, odt.load_checkpoint_file])
    def test_device_or_pipe_is_refused_unread(self, tmp_path, read: Callable[[Path], object]):
        os.mkfifo(tmp_path / "pipe")
        for path in (Path("/dev/zero"), Path("/dev/null"), tmp_path / "pipe"):
            with pytest.raises(OdtError, match=f"{path} cannot be read: it is no ordinary file"):
                read(path)

    @pytest.mark.parametrize("name", ["zero.npz", "zero.png"])
    def test_command_line_says_so(self, tmp_path, capsys, name):
        (tmp_path / name).symlink_to("/dev/zero")
        assert main(["infer", "digits", str(tmp_path / name)]) == 2
        assert f"{name} cannot be read: it is no ordinary file" in capsys.readouterr().err


class TestSizes:
    def test_file_that_grows_or_has_no_size_is_read_as_far_as_it_may_be(self, tmp_path):
        asked: list[int] = []
        path = tmp_path / "file"
        path.write_bytes(b"12")

        def grow(size: int) -> None:
            asked.append(size)
            path.write_bytes(b"123456789")

        assert read_within(path, 4, grow) == b"12345"
        assert asked == [2, 5]
        assert read_within(Path("/proc/self/status"), 10**6, lambda _: None).startswith(b"Name:")

    def test_large_file_is_refused_unread(self, tmp_path):
        path = tmp_path / "me.zip"
        with path.open("wb") as file:
            file.truncate(64 * 2**30)  # sparse: takes no space
        with pytest.raises(OdtError, match=r"'me\.zip' is 68719 MB; the limit is 200 MB"):
            read_file(path, path.name)
        with pytest.raises(OdtError, match=r"me\.zip is too large to be a checkpoint"):
            odt.load_checkpoint_file(path)
