"""The camera: our own components-v2 element (assets/components/camera.js).

It takes pictures and bursts for a label, or sends small frames that are answered at once. What it
sends comes from the browser: it is checked here, and nothing in it is trusted.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import streamlit as st

from odt_core.errors import SampleError
from odt_core.samples import Preprocessing
from pages.ui.element_data import unexamined
from pages.ui.sent_picture import sent_picture
from pages.ui.served import ASSETS, scripts

LONGEST = 480  # pixels of a picture's long side: twice what picture models of this size look at
_BATCH = 20  # pictures of a message, at most; camera.js sends ten
_MAX_URL = 400_000  # characters; 480 pixels of confetti at this quality have about 150,000
_LEAST_SIDE, _MOST_SIDE = 8, 640  # pixels of anything that is taken
_LIVE_SIDES = (96, 320)  # pixels of a live frame's short side, whatever the model's input
_LIVE = "live"  # its key
_INK_SIDE = 240  # the same where a drawing is looked for in it
_NAME = re.compile(r"[0-9a-f]{16}")
_PARTS = ASSETS / "components"
_mount = st.components.v2.component(
    "odt_camera",
    html=(_PARTS / "camera.html").read_text(encoding="utf-8"),
    css=(_PARTS / "camera.css").read_text(encoding="utf-8"),
    js=scripts("camera_stream.js", "camera.js"),
)


@dataclass(frozen=True)
class Shot:
    """One picture. Those of one press of the button share a take."""

    number: int  # counts upwards within a session of the element
    take: str
    label: str  # id of the label that was chosen when the button was pressed; may name nothing
    url: Any


@dataclass(frozen=True)
class Batch:
    """A message of pictures."""

    session: str  # of the element, random
    shots: tuple[Shot, ...]
    more: bool  # whether others of the same burst follow at once

    @staticmethod
    def read(value: Any) -> Batch | None:
        """None for anything that camera.js would not have sent."""
        try:
            shots = tuple(
                Shot(int(one["seq"]), str(one["take"]), str(one["what"]), one["url"])
                for one in value["pictures"]
            )
            batch = Batch(str(value["session"]), shots, bool(value["more"]))
        except (KeyError, TypeError, ValueError, OverflowError):
            return None
        names = [batch.session, *(shot.take for shot in shots)]
        numbers = [shot.number for shot in shots]
        fine = (
            0 < len(shots) <= _BATCH
            and all(_NAME.fullmatch(name) for name in names)
            and numbers == sorted(set(numbers))
            and numbers[0] > 0
        )
        return batch if fine else None


class Receipt(NamedTuple):
    """What became of the pictures sent so far."""

    session: str  # of the element
    number: int  # of the last picture that came in
    take: str  # that it belongs to
    kept: int  # pictures of that take in the workspace: what was there already is not kept again


@dataclass(frozen=True)
class Frame:
    """One live picture."""

    number: int
    still: bool  # whether no other follows until the person wants it
    url: Any

    @staticmethod
    def read(value: Any) -> Frame | None:
        """None for anything that camera.js would not have sent."""
        try:
            return Frame(int(value["n"]), bool(value["still"]), value["url"])
        except (KeyError, TypeError, ValueError, OverflowError):
            return None


def recorder(
    key: str,
    *,
    label: str,
    name: str,
    guide: float,
    locked: bool,
    receipt: Receipt | None,
    on_pictures: Callable[[], None],
    on_upload: Callable[[], None],
) -> None:
    """A camera whose pictures go to a label; `on_pictures` runs as a callback when some came.

    label, name: id of the label, and what the button is for in words. guide: width by height of
    the part that the model looks at, 0 for all of it. locked: whether nothing can be taken just
    now. receipt: camera.js sends again what it does not confirm. on_upload: the person would
    rather upload.
    """
    _mount(
        key=key,
        data=unexamined(
            {
                "mode": "record",
                "key": key,
                "what": label,
                "name": name,
                "prompt": "Take pictures of",
                "guide": guide,
                "locked": locked,
                "longest": LONGEST,
                "receipt": receipt and (receipt._asdict(),),
                "label": "What the camera sees",
            }
        ),
        on_pictures_change=on_pictures,
        on_upload_change=on_upload,
    )


def sent(key: str) -> Batch | None:
    """What the camera of that key has sent, within its callback."""
    return Batch.read(getattr(st.session_state.get(key), "pictures", None))


def live_camera(*, side: int, guide: float, answered: int, on_upload: Callable[[], None]) -> None:
    """A camera that sends a frame whenever the one before it was `answered` (its number).

    side: pixels of a frame's short side.
    """
    _mount(
        key=_LIVE,
        data=unexamined(
            {
                "mode": "live",
                "key": _LIVE,
                "prompt": "Both models answer while the camera runs. These pictures are not kept.",
                "guide": guide,
                "shortest": side,
                "answered": answered,
                "label": "What the camera sees and both models answer",
            }
        ),
        default={"frame": None},
        on_frame_change=_nothing,
        on_upload_change=on_upload,
    )


def live_frame() -> Frame | None:
    """The newest frame of the live camera, before it is drawn."""
    state = st.session_state.get(_LIVE)
    return Frame.read(state.get("frame")) if hasattr(state, "get") else None


def decode_photo(url: Any) -> np.ndarray:
    """uint8 [H, W, 3] from the data URL of a JPEG of ours. Raises SampleError for anything else."""
    with sent_picture(
        url,
        "JPEG",
        _MAX_URL,
        absent="What the camera sent is not a picture. Take it again.",
        broken="The picture arrived incomplete. Take it again.",
    ) as image:
        if min(image.size) < _LEAST_SIDE or max(image.size) > _MOST_SIDE:
            raise SampleError(
                f"The picture is {image.size[0]}×{image.size[1]} pixels; each side must be "
                f"{_LEAST_SIDE} to {_MOST_SIDE}. Reload the page and take it again."
            )
        return np.asarray(image.convert("RGB"))


def guide_of(preprocessing: Preprocessing) -> float:
    """Width by height of the middle part that the model looks at; 0 where it looks at all of it."""
    if preprocessing.kind != "image":
        return 0.0
    height, width = preprocessing.picture_shape[:2]
    return width / height


def live_side(preprocessing: Preprocessing) -> int:
    """Pixels of the short side of the frames that the model is asked about."""
    if preprocessing.kind != "image":
        return _INK_SIDE
    low, high = _LIVE_SIDES
    return min(high, max(low, *preprocessing.picture_shape[:2]))


def _nothing() -> None:
    """Declares a state or trigger name to Streamlit; there is nothing to do when it changes."""
