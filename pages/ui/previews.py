"""Arrays as small pictures in the page: a curve for numbers, a picture for a picture's values."""

from __future__ import annotations

import base64
import io

import numpy as np
import streamlit as st
from PIL import Image, ImageColor

from odt_core.workspace.sparkline import INKS, draw_series, is_series

SIDE = 144  # pixels


def show_picture(picture: np.ndarray, side: int) -> None:
    """Draw the person's own, uint8 [H, W] or [H, W, 3], with a long side of `side` pixels, however
    long and thin.
    """
    image = Image.fromarray(picture)
    image.thumbnail((side, side))  # leaves a pixel of the short side
    width = max(1, round(side * image.width / max(image.size)))
    st.image(image, width=width, alt="Your picture")


def series_uri(values: np.ndarray, low: float | None = None, high: float | None = None) -> str:
    """A data URI. low, high: what is black and what is white in a picture, the bottom and the top
    of a curve; default its own.
    """
    if is_series(values):
        limits = () if low is None or high is None else (low, high)
        return _uri(draw_series(values, SIDE, limits))
    return _uri(_picture(values, low, high))


def mask_uri(classes: np.ndarray) -> str:
    """A data URI of numbers of classes [H, W], each in a colour of its own; class 0 is white."""
    colours = [ImageColor.getrgb(ink) for ink in ("#ffffff", *INKS)]
    at = classes.astype(np.int64)
    places = np.where(at > 0, (at - 1) % len(INKS) + 1, 0)
    image = Image.fromarray(np.array(colours, np.uint8)[places])
    return _uri(image.resize((SIDE, SIDE), Image.Resampling.NEAREST))


def _uri(image: Image.Image) -> str:
    stream = io.BytesIO()
    image.save(stream, "PNG")
    return "data:image/png;base64," + base64.b64encode(stream.getvalue()).decode()


def _picture(values: np.ndarray, low: float | None, high: float | None) -> Image.Image:
    bottom = float(values.min()) if low is None else low
    top = float(values.max()) if high is None else high
    grey = np.clip((values - bottom) * (255 / max(top - bottom, 1e-12)), 0, 255).astype(np.uint8)
    if grey.ndim == 3 and grey.shape[2] == 1:
        grey = grey[..., 0]
    if grey.ndim > 3 or (grey.ndim == 3 and grey.shape[2] != 3):
        grey = grey.reshape(grey.shape[0], -1)
    return Image.fromarray(grey).resize((SIDE, SIDE), Image.Resampling.NEAREST)
