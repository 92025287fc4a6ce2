import errno
import os
import subprocess
import sys

import pytest

from odt_core.errors import WorkspaceError
from odt_core.workspace.disk import Disk, failure


class TestWrite:
    def test_files_replace_those_of_the_same_name(self, tmp_path):
        files = {tmp_path / f"{k}": bytes([k]) * 100 for k in range(20)}
        (tmp_path / "3").write_bytes(b"old")
        Disk().write(files)
        assert {path: path.read_bytes() for path in tmp_path.iterdir()} == files

    def test_a_write_that_fails_leaves_the_old_files_and_no_new_ones(self, tmp_path):
        (tmp_path / "old").write_bytes(b"old")
        (tmp_path / "folder").mkdir()
        with pytest.raises(WorkspaceError, match="Nothing was changed"):
            Disk().write({tmp_path / "new": b"x", tmp_path / "folder": b"a folder is in the way"})
        assert sorted(path.name for path in tmp_path.iterdir()) == ["folder", "old"]

    def test_files_can_be_read_by_their_owner_only(self, tmp_path):
        Disk().write({tmp_path / "a": b"x"})
        assert (tmp_path / "a").stat().st_mode & 0o777 == 0o600

    def test_a_write_while_python_shuts_down_is_whole(self, tmp_path):
        program = f"""
import threading, time
from pathlib import Path
from odt_core.workspace.disk import Disk

def late():
    while threading.main_thread().is_alive():
        time.sleep(0.01)
    Disk().write({{Path({str(tmp_path)!r}) / str(k): b"x" for k in range(5)}})

threading.Thread(target=late).start()
"""
        ended = subprocess.run([sys.executable, "-c", program], capture_output=True, timeout=60)
        assert ended.stderr == b""
        assert sorted(path.name for path in tmp_path.iterdir()) == ["0", "1", "2", "3", "4"]


class TestFailure:
    def test_the_message_names_no_path(self, tmp_path):
        secret = tmp_path / "secret-token"
        with pytest.raises(OSError, match="secret") as caught:
            os.open(secret, os.O_RDONLY)
        assert "secret" not in str(failure(caught.value))

    def test_the_message_when_too_many_files_are_open_says_so_in_words(self):
        said = str(failure(OSError(errno.EMFILE, os.strerror(errno.EMFILE))))
        assert said.startswith("This could not be saved: the server has so many files open that")
