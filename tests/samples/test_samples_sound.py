"""Sound of .wav files: every way it is written, and what cannot be believed."""

from __future__ import annotations

import io
import struct
import tracemalloc
import wave
import zipfile

import numpy as np
import pytest
from hypothesis import given

from odt_core.errors import SampleError
from odt_core.samples import read_samples
from odt_core.samples.sound import Sound, decode_sound, in_words
from tests.hostile.damage import damaged

LENGTH = 64
SHAPE = (LENGTH, 1)
TONE = np.round(np.sin(np.arange(LENGTH) / 5) * 100) / 128  # exact in 8 bits and more


def wav(
    values: np.ndarray = TONE, kind: int = 1, width: int = 2, rate: int = 16_000, **claims: int
) -> bytes:
    """A .wav of values [N] or [N, channels] from -1 to 1. claims: what its header says instead."""
    channels = 1 if values.ndim == 1 else values.shape[1]
    if kind == 3:
        body = values.astype(f"<f{width}").tobytes()
    elif width == 1:
        body = (values * 128 + 128).astype(np.uint8).tobytes()
    else:
        whole = (values * 2.0 ** (8 * width - 1)).astype("<i4")
        body = whole.reshape(-1, 1).view(np.uint8)[:, :width].tobytes()
    claimed = {"channels": channels, "rate": rate, "frame": width * channels, "size": len(body)}
    claimed |= claims
    form = struct.pack(
        "<HHIIHH", kind, claimed["channels"], claimed["rate"], 0, claimed["frame"], width * 8
    )
    chunks = b"LIST" + struct.pack("<I", 3) + b"abc\0"  # of odd size: a byte more
    chunks += b"fmt " + struct.pack("<I", len(form)) + form
    chunks += b"data" + struct.pack("<I", claimed["size"]) + body
    return b"RIFF" + struct.pack("<I", 4 + len(chunks)) + b"WAVE" + chunks


def heard(data: bytes) -> np.ndarray:
    return decode_sound(data, "a.wav", SHAPE).wave


class TestWays:
    @pytest.mark.parametrize(
        ("kind", "width"), [(1, 1), (1, 2), (1, 3), (1, 4), (3, 4), (3, 8)], ids=str
    )
    def test_every_way_gives_the_same_values(self, kind, width):
        sound = decode_sound(wav(kind=kind, width=width), "a.wav", SHAPE)
        assert sound.wave.dtype == np.float32
        assert np.array_equal(sound.wave, TONE.astype(np.float32))
        assert (sound.rate, sound.padded) == (16_000, False)

    def test_wave_of_the_standard_library_is_read_as_tensorflow_does(self):
        whole = np.arange(-32, 32, dtype="<i2") * 1_000
        stream = io.BytesIO()
        with wave.open(stream, "wb") as file:
            file.setparams((1, 2, 8_000, 0, "NONE", ""))
            file.writeframes(whole.tobytes())
        assert np.array_equal(heard(stream.getvalue()), whole.astype(np.float32) / 32_768)

    def test_extensible_header_says_the_kind_behind(self):
        data = wav(kind=3, width=4)
        at = data.index(b"fmt ")
        form = (
            struct.pack("<H", 0xFFFE) + data[at + 10 : at + 24] + struct.pack("<HHIH", 22, 32, 4, 3)
        )
        form += b"\0" * 14
        longer = data[: at + 4] + struct.pack("<I", len(form)) + form + data[at + 24 :]
        assert np.array_equal(heard(longer), TONE.astype(np.float32))

    def test_stereo_becomes_its_mean(self):
        both = np.stack([TONE, np.zeros(LENGTH)], axis=1)
        assert np.array_equal(heard(wav(both)), (TONE / 2).astype(np.float32))

    def test_size_that_was_not_known_yet_goes_to_the_end(self):
        assert np.array_equal(heard(wav(size=0xFFFFFFFF)), TONE.astype(np.float32))

    def test_what_is_a_little_too_loud_is_clipped(self):
        assert heard(wav(TONE * 2, kind=3, width=4)).max() == 1


class TestLength:
    def test_shorter_one_gets_silence_behind(self):
        sound = decode_sound(wav(TONE[:40]), "a.wav", SHAPE)
        assert sound.padded
        assert np.array_equal(sound.wave[:40], TONE[:40].astype(np.float32))
        assert not sound.wave[40:].any()

    @pytest.mark.parametrize(
        ("values", "said"),
        [
            (
                np.tile(TONE, 2),
                r"'a.wav' has 128 values \(0.01 s\); this model takes 64 \(0.00 s at 16,000 Hz\)",
            ),
            (TONE[:31], "has only 31 values"),
        ],
    )
    def test_longer_and_far_shorter_ones_are_refused(self, values, said):
        with pytest.raises(SampleError, match=said):
            heard(wav(values))

    @pytest.mark.parametrize("shape", [(8, 3), (28, 28, 1), (4,), None])
    def test_model_that_takes_no_waveform_says_what_to_make_first(self, shape):
        with pytest.raises(SampleError, match=r"is no waveform\. If it hears spectrograms"):
            decode_sound(wav(), "a.wav", shape)


class TestWords:
    def test_rate_and_silence_are_told(self):
        one = Sound(TONE, 16_000)
        assert in_words([("a.wav", one), ("b.wav", Sound(TONE, 16_000, padded=True))]) == (
            "2 sounds of 16,000 Hz, not resampled: the model must have been made for that. 1 "
            "shorter than the model's input got silence behind."
        )

    def test_two_rates_are_refused(self):
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w") as archive:
            archive.writestr("yes/1.wav", wav())
            archive.writestr("no/1.WAV", wav(rate=8_000))
        with pytest.raises(SampleError, match=r"'no/1\.WAV' has 8,000 .* 'yes/1\.wav' 16,000"):
            read_samples(stream.getvalue(), "words.zip", input_shape=SHAPE)


class TestFolders:
    def test_sounds_in_label_folders_are_samples_of_the_input_s_shape(self, tmp_path):
        for part in ("train", "test"):
            for label in ("yes", "no"):
                (tmp_path / part / label).mkdir(parents=True)
                (tmp_path / part / label / "0.WAV").write_bytes(wav())
                (tmp_path / part / label / "._0.wav").write_bytes(b"\0")
        raw = read_samples(tmp_path, input_shape=SHAPE)
        assert raw.labels == ("no", "yes")
        assert raw.items[0].shape == SHAPE
        assert "4 sounds of 16,000 Hz" in raw.notice  # those to test with are counted, too


class TestHostile:
    @pytest.mark.parametrize(
        ("data", "said"),
        [
            (b"", "empty"),
            (b"RIFF", "not a .wav that can be read"),
            (b"RIFF\0\0\0\0WAVE", "holds no sound"),
            (wav()[:-1], "is cut short: it announces 128 bytes of sound and has 127"),
            (wav(size=2**30), "is cut short"),
            (wav(size=0), "holds no sound"),
            (wav(channels=0), "0 channels"),
            (wav(channels=65_535), "65,535 channels"),
            (wav(channels=3), "3 channels in 2 bytes"),
            (wav(rate=0), "0 values a second"),
            (wav(frame=0), "not read .0 bits"),
            (wav(kind=7), "not read .µ-law"),
            (wav(kind=99), "not read .kind 99"),
            (wav(kind=3, width=2), "not read .16 bits"),
            (wav(TONE * 1e4, kind=3, width=4), "has values up to"),
            (wav(TONE * np.nan, kind=3, width=4), "a value that is not finite"),
            (wav(TONE + np.inf, kind=3, width=8), "a value that is not finite"),
            (b"RIFF\0\0\0\0WAVE" + b"LIST\0\0\0\0" * 100_000, "holds no sound"),
            (b"RIFF\0\0\0\0WAVEdata\4\0\0\0abcd", "does not say how its sound is written"),
        ],
    )
    def test_header_is_not_believed(self, data, said):
        with pytest.raises(SampleError, match=said):
            read_samples(data, "a.wav", input_shape=SHAPE)

    def test_much_sound_costs_no_memory_where_little_is_wanted(self):
        data = wav(np.zeros(4_000_000), width=1)
        tracemalloc.start()
        with pytest.raises(SampleError, match="4,000,000 values"):
            decode_sound(data, "a.wav", SHAPE)
        assert tracemalloc.get_traced_memory()[1] < 100_000
        tracemalloc.stop()

    @given(damaged(wav(np.stack([TONE, TONE], 1), width=3)))
    def test_sound_when_damaged_is_read_or_refused(self, data):
        try:
            found = heard(data)
        except SampleError:
            return
        assert found.shape == (LENGTH,)
        assert np.isfinite(found).all()
        assert np.abs(found).max() <= 1
