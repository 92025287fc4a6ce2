"""Sound of .wav files for models that hear the waveform itself.

A .tflite does not say how many values a second its sound has, so nothing is resampled or cut: half
of a word at the wrong speed would pass for a sample. Only silence is added, behind what is somewhat
too short, as a microphone would have gone on hearing it. How many got it is told, and the rate.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from odt_core.errors import SampleError
from odt_core.samples.windows import window_of
from odt_core.words import count

SUFFIXES = (".wav", ".wave")
_PCM, _FLOAT, _EXTENSIBLE = 1, 3, 0xFFFE
_OTHERS = {2: "ADPCM", 6: "A-law", 7: "µ-law", 17: "ADPCM", 85: "MP3"}
_ENDLESS = 0x7FFFF000  # sizes from here on are written by programs that did not know them yet
_MOST_CHANNELS = 32
_MOST_CHUNKS = 1_000
_LOUDEST = 2.0  # decoders go a little beyond 1; more is not meant as -1 to 1
_SAVE = "Save it as an ordinary .wav: PCM, 16 bits."


@dataclass(frozen=True)
class Sound:
    """wave: float32 [N], -1 to 1, the mean of all channels. rate: values a second. padded: whether
    zeros were put behind it.
    """

    wave: np.ndarray
    rate: int
    padded: bool = False


@dataclass(frozen=True)
class _Header:
    """frames: how many there are, of so many channels, each `width` bytes; from `start` on."""

    channels: int
    width: int
    is_float: bool
    rate: int
    start: int
    frames: int


def decode_sound(data: bytes, name: str, shape: Sequence[int] | None) -> Sound:
    """The sound of a .wav as a waveform model takes it; shape: of that model's input.

    Raises SampleError with the file's name: for what is no such file, for one that is longer than
    the input or not half as long, and where the input is no waveform. What a header claims costs
    nothing: no more is read than there is, and nothing before its length is known to fit.
    """
    window = window_of(shape)
    if shape is None or window is None or window.channels != 1:
        takes = f" of shape {list(shape)}" if shape is not None else ""
        raise SampleError(
            f"'{name}' is sound, and this model's input{takes} is no waveform. If it hears "
            "spectrograms or other features, make these as for its training and save them as .npz "
            "with x and y, or as .npy files in folders of labels."
        )
    header = _header(data, name)
    length = window.length
    lasts = f"{count(header.frames, 'value')} ({header.frames / header.rate:.2f} s)"
    wanted = f"this model takes {length:,} ({length / header.rate:.2f} s at {header.rate:,} Hz)"
    if header.frames > length:
        raise SampleError(
            f"'{name}' has {lasts}; {wanted}. Cut it to what is to be heard, or, if the model was "
            "made for another rate, save it at that rate first."
        )
    if 2 * header.frames < length:
        raise SampleError(f"'{name}' has only {lasts}; {wanted}. Record more, or leave it out.")
    wave = np.zeros(length, np.float32)
    wave[: header.frames] = _wave(data, header, name)
    return Sound(wave, header.rate, padded=header.frames < length)


def in_words(sounds: Sequence[tuple[str, Sound]]) -> str:
    """What is to be known of sounds that were read together: (file, sound) each. SampleError where
    they have different rates.
    """
    if not sounds:
        return ""
    (first, one), *rest = sounds
    for file, other in rest:
        if other.rate != one.rate:
            raise SampleError(
                f"'{first}' has {one.rate:,} values a second, '{file}' {other.rate:,}. A model "
                "hears one rate: save all at that which it was made for."
            )
    padded = sum(sound.padded for _, sound in sounds)
    behind = f" {padded:,} shorter than the model's input got silence behind." if padded else ""
    return (
        f"{count(len(sounds), 'sound')} of {one.rate:,} Hz, not resampled: the model must have "
        f"been made for that.{behind}"
    )


def _header(data: bytes, name: str) -> _Header:
    """What the chunks before the sound say, as far as it can be so."""
    if data[:4] != b"RIFF" or data[8:12] != b"WAVE":
        raise SampleError(f"'{name}' is not a .wav that can be read. {_SAVE}")
    at, form = 12, b""
    for _ in range(_MOST_CHUNKS):
        kind, size = data[at : at + 4], int.from_bytes(data[at + 4 : at + 8], "little")
        at += 8
        if at > len(data):
            break
        if kind == b"fmt ":
            form = data[at : at + min(size, 40)]
        elif kind == b"data":
            return _checked(form, at, size, len(data) - at, name)
        at += size + size % 2
    raise SampleError(f"'{name}' holds no sound: it is cut short or damaged. Save it again.")


def _checked(form: bytes, start: int, size: int, there: int, name: str) -> _Header:
    if len(form) < 16:
        raise SampleError(f"'{name}' does not say how its sound is written. {_SAVE}")
    kind, channels, rate, _, frame, _ = struct.unpack("<HHIIHH", form[:16])
    if kind == _EXTENSIBLE and len(form) >= 26:
        kind = int.from_bytes(form[24:26], "little")
    if not 1 <= channels <= _MOST_CHANNELS or frame % channels or not rate:
        raise SampleError(
            f"'{name}' says that it has {count(channels, 'channel')} in {frame} bytes and "
            f"{rate:,} values a second, which cannot be. {_SAVE}"
        )
    width = frame // channels
    if kind not in (_PCM, _FLOAT) or width not in ((1, 2, 3, 4) if kind == _PCM else (4, 8)):
        unusual = f"{8 * width} bits" if kind in (_PCM, _FLOAT) else f"kind {kind}"
        how = _OTHERS.get(kind, unusual)
        raise SampleError(f"'{name}' is written in a way that is not read ({how}). {_SAVE}")
    if size > there and size < _ENDLESS:
        raise SampleError(
            f"'{name}' is cut short: it announces {size:,} bytes of sound and has {there:,}. Copy "
            "or record it again."
        )
    frames = min(size, there) // (width * channels)
    if not frames:
        raise SampleError(f"'{name}' holds no sound. Record it again.")
    return _Header(channels, width, kind == _FLOAT, rate, start, frames)


def _wave(data: bytes, header: _Header, name: str) -> np.ndarray:
    """float32 [frames]."""
    many = header.frames * header.channels
    width = header.width
    if header.is_float:
        values = np.frombuffer(data, f"<f{width}", many, header.start)
    elif width == 3:
        whole = np.zeros((many, 4), np.uint8)  # of which the lowest byte stays 0
        whole[:, 1:] = np.frombuffer(data, np.uint8, 3 * many, header.start).reshape(many, 3)
        values = whole.view("<i4")[:, 0] / 2.0**31
    elif width == 1:
        values = (np.frombuffer(data, np.uint8, many, header.start) - 128.0) / 128
    else:
        values = np.frombuffer(data, f"<i{width}", many, header.start) / 2.0 ** (8 * width - 1)
    with np.errstate(over="ignore", invalid="ignore"):
        wave = values.reshape(header.frames, header.channels).mean(axis=1, dtype=np.float64)
    peak = float(np.abs(wave).max())
    if not peak <= _LOUDEST:
        loud = f"values up to {peak:.4g}" if np.isfinite(peak) else "a value that is not finite"
        raise SampleError(f"'{name}' has {loud}; sound goes from -1 to 1. {_SAVE}")
    return np.clip(wave, -1, 1).astype(np.float32)
