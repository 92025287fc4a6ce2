"""Recordings of three gestures or sounds as people have them: files in folders of labels."""

from __future__ import annotations

import io
import wave
from pathlib import Path

import numpy as np

MODELS = Path(__file__).parent / "runtime" / "models"
GESTURES = MODELS / "dialect_gestures.tflite"  # takes [8, 3]
SOUNDS = MODELS / "dialect_sounds.tflite"  # takes [64, 1]
LABELS = ("flex", "punch", "wave")
EACH = 6  # of a label


def windows() -> np.ndarray:
    """float32 [labels, EACH, 8, 3], in steps that a table holds exactly."""
    draw = np.random.default_rng(3)
    noise = draw.integers(-8, 8, (len(LABELS), EACH, 8, 3)) / 16
    return (noise + np.eye(3)[:, None, None]).astype(np.float32)


def csv(window: np.ndarray) -> bytes:
    """A row for each moment, the time before its channels."""
    rows = (f"{at * 10},{','.join(map(str, row))}" for at, row in enumerate(window))
    return "\r\n".join(["time,aX,aY,aZ", *rows, ""]).encode()


def gestures() -> dict[str, bytes]:
    """Path -> content: a table for each window."""
    return {
        f"{label}/{at:03}.csv": csv(window)
        for label, those in zip(LABELS, windows(), strict=True)
        for at, window in enumerate(those)
    }


def waves() -> np.ndarray:
    """float32 [labels, EACH, 64, 1], in steps that 16 bits hold exactly."""
    draw = np.random.default_rng(4)
    tones = np.sin(np.arange(64) * np.array([[0.2], [0.5], [0.9]]))[:, None]
    noisy = tones * draw.uniform(0.3, 0.9, (len(LABELS), EACH, 1))
    return (np.round(noisy * 32_767) / 32_768).astype(np.float32)[..., None]


def wav(values: np.ndarray) -> bytes:
    """Of 16 bits and 8 kHz."""
    stream = io.BytesIO()
    with wave.open(stream, "wb") as file:
        file.setparams((1, 2, 8_000, 0, "NONE", ""))
        file.writeframes((values * 32_768).astype("<i2").tobytes())
    return stream.getvalue()


def sounds() -> dict[str, bytes]:
    """Path -> content: a .wav for each sound."""
    return {
        f"{label}/{at:03}.WAV": wav(one)
        for label, those in zip(LABELS, waves(), strict=True)
        for at, one in enumerate(those)
    }
