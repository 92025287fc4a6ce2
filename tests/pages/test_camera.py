"""What the camera's element sends comes from a browser: anything may arrive."""

from __future__ import annotations

import base64
import errno
import io
from collections import Counter

import numpy as np
import pytest
from PIL import Image

from odt_core.errors import SampleError, WorkspaceError
from odt_core.workspace import Limits, Source, Workspaces
from pages.ui import camera, photograph
from pages.ui.camera import Batch, Frame, Shot, decode_photo
from pages.ui.desk import Desk
from pages.ui.photograph import keep
from tests.pages.page_text import said

SESSION, TAKE = "0123456789abcdef", "fedcba9876543210"


def url(data: bytes, kind: str = "jpeg") -> str:
    return f"data:image/{kind};base64," + base64.b64encode(data).decode()


def picture(width: int = 64, height: int = 48, kind: str = "JPEG") -> bytes:
    """A red picture."""
    file = io.BytesIO()
    Image.new("RGB", (width, height), "red").save(file, kind)
    return file.getvalue()


def message(**changes) -> dict:
    shot = {"seq": 1, "take": TAKE, "what": "a", "url": "data:,"}
    return {"session": SESSION, "more": False, "pictures": [shot, {**shot, "seq": 2}], **changes}


def fill(monkeypatch, desk, after: int = 0) -> None:
    """The disk of a desk has no room for samples, `after` so many."""
    write, left = desk.workspace._disk._write, iter(range(after))

    def full(path, data):
        if path.parent.name == "samples" and next(left, None) is None:
            raise OSError(errno.ENOSPC, "No space left on device")
        write(path, data)

    monkeypatch.setattr(desk.workspace._disk, "_write", full)


def huge() -> bytes:
    """A JPEG of a few hundred bytes that says it has 65,500 pixels a side."""
    data = bytearray(picture())
    at = data.index(b"\xff\xc0") + 5  # the frame's height and width
    data[at : at + 4] = (65_500).to_bytes(2, "big") * 2
    return bytes(data)


class TestBatch:
    def test_read_when_the_message_is_ours_gives_its_shots(self):
        batch = Batch.read(message())
        assert batch is not None
        assert [(shot.number, shot.take, shot.label) for shot in batch.shots] == [
            (1, TAKE, "a"),
            (2, TAKE, "a"),
        ]

    @pytest.mark.parametrize(
        "bad",
        [
            None,
            [],
            "pictures",
            {},
            message(session="../../etc/passwd"),
            message(pictures=[]),
            message(pictures=None),
            message(pictures=["x"]),
            message(pictures=[{"seq": 1, "take": "../x", "what": "a", "url": ""}]),
            message(pictures=[{"seq": 0, "take": TAKE, "what": "a", "url": ""}]),
            message(pictures=[{"seq": float("inf"), "take": TAKE, "what": "a", "url": ""}]),
            message(pictures=[{"seq": float("nan"), "take": TAKE, "what": "a", "url": ""}]),
            message(pictures=[{"seq": 1, "take": TAKE, "what": "a", "url": ""}] * 2),
            message(
                pictures=[{"seq": n, "take": TAKE, "what": "a", "url": ""} for n in range(1, 22)]
            ),
        ],
    )
    def test_read_when_the_message_is_not_ours_gives_none(self, bad):
        assert Batch.read(bad) is None


class TestFrame:
    @pytest.mark.parametrize("bad", [None, {}, {"n": "x", "still": 0, "url": ""}, 7])
    def test_read_when_the_frame_is_not_ours_gives_none(self, bad):
        assert Frame.read(bad) is None


class TestDecode:
    def test_jpeg_of_the_camera_becomes_its_pixels(self):
        pixels = decode_photo(url(picture()))
        assert (pixels.dtype, pixels.shape) == (np.uint8, (48, 64, 3))
        assert pixels[20, 20].tolist() == pytest.approx([255, 0, 0], abs=4)

    @pytest.mark.parametrize(
        ("bad", "why"),
        [
            (None, "camera sent is not a picture"),
            ("https://example.com/a.jpg", "camera sent is not a picture"),
            (url(picture(kind="PNG"), "png"), "camera sent is not a picture"),
            (url(picture(kind="PNG")), "arrived incomplete"),
            (url(picture()[:-200]), "arrived incomplete"),
            (url(b"") + "%%%", "arrived incomplete"),
            (url(picture(900, 20)), "900×20 pixels"),
            (url(picture(20, 4)), "20×4 pixels"),
            (url(huge()), "arrived incomplete"),
            (url(b"\0" * 400_000), "camera sent is not a picture"),
        ],
    )
    def test_anything_else_is_refused_in_words(self, bad, why):
        with pytest.raises(SampleError, match=why):
            decode_photo(bad)


class TestKeep:
    def test_takes_beside_one_that_cannot_be_read_are_kept(self, tmp_path):
        desk = Desk(Workspaces(tmp_path).create())
        label = desk.workspace.manifest.labels[0].id
        urls = (url(picture(width=64)), "data:,", url(picture(width=80)))
        shots = [Shot(n, f"{n:016x}", label, one) for n, one in enumerate(urls, 1)]
        with pytest.raises(SampleError):
            keep(desk, shots, Counter(), [])
        kept = desk.workspace.manifest.samples
        assert [sample.take for sample in kept] == [f"{n:016x}" for n in (1, 3)]

    def test_burst_that_fills_the_workspace_is_kept_as_far_as_there_is_room(self, tmp_path):
        desk = Desk(Workspaces(tmp_path, Limits(samples=2)).create())
        label = desk.workspace.manifest.labels[0].id
        shots = [Shot(n, TAKE, label, url(picture(width=60 + n))) for n in range(1, 5)]
        for message in (shots[:3], shots[3:]):
            with pytest.raises(SampleError, match="last pictures were not kept"):
                keep(desk, message, Counter(), [])
        assert [sample.take for sample in desk.workspace.manifest.samples] == [TAKE, TAKE]

    def test_burst_that_fills_the_workspace_keeps_new_pictures_after_those_that_are_there(
        self, tmp_path
    ):
        desk = Desk(Workspaces(tmp_path, Limits(samples=3)).create())
        label = desk.workspace.manifest.labels[0].id
        keep(desk, [Shot(1, "1" * 16, label, url(picture(width=60)))], Counter(), [])
        pictures, same = [url(picture(width=w)) for w in (60, 60, 61, 62)], Counter()
        keep(desk, [Shot(n, TAKE, label, one) for n, one in enumerate(pictures)], same, [])
        assert len(desk.workspace.manifest.samples) == 3
        assert same == {TAKE: 2}

    def test_burst_that_does_not_fit_says_what_the_note_by_the_camera_says(self, tmp_path):
        desk = Desk(Workspaces(tmp_path, Limits(samples=2)).create())
        label = desk.workspace.manifest.labels[0].id
        shots = [Shot(n, TAKE, label, url(picture(width=60 + n))) for n in range(3)]
        with pytest.raises(SampleError) as refused:
            keep(desk, shots, Counter(), [])
        assert desk.workspace.why_full == (
            "There are 2 samples, the most that a workspace holds. Delete some first."
        )
        assert str(refused.value) == f"The last pictures were not kept. {desk.workspace.why_full}"

    def test_takes_from_the_first_that_a_full_disk_refuses_wait(self, tmp_path, monkeypatch):
        desk = Desk(Workspaces(tmp_path).create())
        label = desk.workspace.manifest.labels[0].id
        shots = [
            Shot(n, f"{take:016x}", label, url(picture(width=60 + n)))
            for n, take in enumerate((1, 2, 2, 3), 1)
        ]
        fill(monkeypatch, desk, after=1)
        waits: list[Shot] = []
        with pytest.raises(WorkspaceError, match="The pictures wait in this page"):
            keep(desk, shots, Counter(), waits)
        assert waits == shots[1:]
        assert [sample.take for sample in desk.workspace.manifest.samples] == [f"{1:016x}"]


class TestArrived:
    """What the browser is told of the pictures that it sent."""

    @pytest.fixture
    def receipts(self, app, monkeypatch):
        """Sends a message with the next run of the page; the receipts that the camera was given."""
        mount, given, messages = camera._mount, [], []

        def arriving(*, data, **named):
            if data["mode"] == "record":
                given.append(data["receipt"])
                if messages:
                    monkeypatch.setattr(photograph, "sent", lambda key: Batch.read(messages.pop()))
                    named["on_pictures_change"]()
            return mount(data=data, **named)

        def send(sent):
            messages.append(sent)
            app.run()
            return given[-1]

        monkeypatch.setattr(camera, "_mount", arriving)
        app.segmented_control(key="samples_way").set_value("Camera").run()
        return send

    def test_pictures_that_a_full_disk_refuses_are_confirmed_once_they_are_kept(
        self, app, desk_of, receipts, monkeypatch
    ):
        desk = desk_of(app)
        label = desk.workspace.manifest.labels[0].id
        shots = [
            {"seq": n, "take": TAKE, "what": label, "url": url(picture(width=60 + n))}
            for n in (1, 2)
        ]
        with monkeypatch.context() as patched:
            fill(patched, desk)
            assert receipts(message(pictures=shots, more=True)) is None
            assert "The pictures wait in this page" in said(app)
        assert receipts(message(pictures=shots)) == (
            {"session": SESSION, "number": 2, "take": TAKE, "kept": 2},
        )

    def test_picture_that_cannot_be_read_is_confirmed_as_it_would_not_be_later_either(
        self, app, receipts
    ):
        assert receipts(message()) == ({"session": SESSION, "number": 2, "take": TAKE, "kept": 0},)


class TestShutter:
    def test_shutter_when_the_workspace_is_full_is_shut_until_there_is_room(
        self, app, desk_of, monkeypatch
    ):
        mount, locked = camera._mount, []

        def seen(*, data, **named):
            if data["mode"] == "record":
                locked.append(data["locked"])
            return mount(data=data, **named)

        monkeypatch.setattr(camera, "_mount", seen)
        workspace = desk_of(app).workspace
        monkeypatch.setattr(workspace, "limits", Limits(samples=1))
        app.segmented_control(key="samples_way").set_value("Camera").run()
        zero = workspace.manifest.labels[0].id
        (sample,) = workspace.add_samples([np.ones((9, 9), np.uint8)], zero, Source.DRAW).added
        app.run()
        assert any("There are 1 samples, the most that" in html.value for html in app.html)
        workspace.delete_samples([sample.id])
        app.run()
        assert locked == [False, True, False]
