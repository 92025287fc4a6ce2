"""One visitor's things, seen from another visitor's tab; tokens and logs."""

from __future__ import annotations

import hashlib
import os
import re
import stat

import pytest
from streamlit.proto.BackMsg_pb2 import BackMsg

from benchmarks.load.person import as_zip, pictures_of
from benchmarks.load.tab import TabError
from odt_core.errors import WorkspaceError
from odt_core.workspace import Workspaces

WAYS = {"prefix": lambda token: token[:-1],
        "one letter": lambda token: token[0],
        "digest": lambda token: hashlib.sha256(token.encode()).hexdigest()[:32],
        "whole digest": lambda token: hashlib.sha256(token.encode()).hexdigest(),
        "other case": lambda token: token.swapcase(),
        "path": lambda token: "../" + hashlib.sha256(token.encode()).hexdigest()[:32],
        "more": lambda token: token + "A",
        "white space": lambda token: token + "%0A",
        "wildcard": lambda token: "*" * 22,
        "zeros": lambda token: "A" * 22}  # fmt: skip


@pytest.fixture
def owner(tab):
    """A tab whose workspace has a hundred samples."""
    return tab().press("example").idle()


class TestTokens:
    @pytest.mark.parametrize("way", WAYS)
    def test_token_when_guessed_from_what_is_near_it_opens_nothing(self, dashboard, owner, way):
        guess = WAYS[way](owner.token)
        other = dashboard.tab(guess).open().idle()
        assert other.token not in (owner.token, guess)
        assert not other.says("130 samples")
        other.close()

    def test_token_when_whole_opens_the_workspace(self, owner, tab):
        assert tab(owner.token).says("130 samples")

    def test_token_when_made_has_128_random_bits(self, tmp_path):
        tokens = {Workspaces(tmp_path).create().token for _ in range(20)}
        assert len(tokens) == 20
        assert all(re.fullmatch(r"[A-Za-z0-9_-]{22}", token) for token in tokens)  # 16 bytes

    def test_token_when_looked_up_is_never_compared_itself(self, tmp_path, monkeypatch):
        """What is compared is a digest: how long that takes says nothing about the token."""
        workspaces = Workspaces(tmp_path)
        token = workspaces.create().token
        workspaces.close(token)

        class Guess(str):
            def __eq__(self, other: object) -> bool:
                raise AssertionError("a token was compared letter by letter")

            __hash__ = str.__hash__

        with pytest.raises(WorkspaceError):
            workspaces.open(Guess(token[:-1] + ("A" if token[-1] != "A" else "B")))

    def test_folder_when_listed_names_no_token(self, dashboard, owner):
        names = [str(path) for path in dashboard.folder.rglob("*")]
        assert not [name for name in names if owner.token in name]
        assert hashlib.sha256(owner.token.encode()).hexdigest()[:32] in os.listdir(
            dashboard.workspaces
        )

    def test_folder_when_made_is_closed_to_other_users_of_the_machine(self, dashboard, owner):
        folder = dashboard.workspaces / hashlib.sha256(owner.token.encode()).hexdigest()[:32]
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700

    def test_token_when_used_is_in_no_file_and_no_log(self, dashboard, owner, tab):
        tab(owner.token, "evaluate")
        owner.set("set_epochs", int_value=1).idle().press("train")
        owner.wait(lambda page: page.says("personalised ·"), "the end of training").idle()
        tab(owner.token[:-1])  # refusals are logged, if at all, without it too
        token = owner.token.encode()
        assert token not in dashboard.log.encode()
        files = [path for path in dashboard.folder.rglob("*") if path.is_file()]
        assert len(files) > 100
        assert not [path for path in files if token in path.read_bytes()]

    def test_metrics_when_asked_by_anybody_name_no_visitor(self, dashboard, owner):
        told = dashboard.tab().http("GET", "/_stcore/metrics").body.decode()
        assert "cache" in told
        assert owner.token not in told
        assert owner.session_id not in told


class TestOthers:
    def test_download_when_its_link_is_near_another_visitors_is_not_found(self, owner, tab):
        url = owner.download_url("download_samples")
        assert owner.http("GET", url).body[:2] == b"PK"
        stem = url.removeprefix("/media/").partition(".")[0]
        assert len(stem) >= 32
        changed = ("0" if stem[0] != "0" else "1") + stem[1:]
        for guess in (changed, stem[:-1], stem[:8], stem.upper() + "0", "*", ""):
            assert tab().http("GET", f"/media/{guess}.zip").status == 404

    def test_download_when_asked_by_a_made_up_id_is_refused(self, owner, tab):
        owner.download_url("download_samples")
        with pytest.raises(TabError, match="Failed to generate"):
            tab().deferred_url("0" * 32)

    def test_uploaded_file_when_asked_for_from_another_session_is_not_there(self, owner, tab):
        """A file id of somebody else in one's own widget state gives no file."""
        data = as_zip(pictures_of(0))
        ((file_id, url),) = owner.upload_urls("mine.zip")
        assert owner.put(url, "mine.zip", data).status == 204
        other = tab()
        other.set("samples_way", string_array_value={"data": ["Upload"]}).idle()
        stolen = {"uploaded_file_info": [{"name": "m.zip", "size": 1, "file_id": file_id,
                  "file_urls": {"file_id": file_id, "upload_url": url}}]}  # fmt: skip
        other.set("upload_0", file_uploader_state_value=stolen).idle()
        assert not other.says("20 samples")

    def test_sample_when_its_id_is_another_visitors_is_not_shown(self, owner, tab):
        other = tab()
        mine = re.search(r'"id": ?"([^"]+)", ?"src"', owner.widget("shelf").proto.json)
        assert mine
        other.act("shelf", "acts", [{"n": 1, "do": "open", "sample": mine[1]}]).idle()
        assert not [piece for piece in other.pieces.values() if piece.kind == "imgs"]
        assert other.errors == ["That sample is not there any more\\. Close this window\\."]

    def test_caches_when_a_visitor_has_them_emptied_leave_a_training_alone(self, owner, tab):
        owner.set("set_epochs", int_value=3000).idle().press("train")
        owner.wait(lambda page: page.says("steps a second"), "a step").idle()
        tab().send(BackMsg(clear_cache=True))
        owner.rerun().idle()
        assert not owner.says("interrupted")
        assert owner.says("130 samples")
        assert owner.widget("stop").proto.disabled is False
        owner.press("stop").idle().rerun()
        owner.wait(lambda page: page.says("personalised ·"), "the end of training").idle()
