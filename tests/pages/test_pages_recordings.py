"""Recordings on the pages: uploaded, shown, tried, taken along and brought back."""

from __future__ import annotations

import gzip
import json
from types import SimpleNamespace
from typing import cast

import numpy as np
import pytest

from odt_core.dialects.contract import Task
from odt_core.errors import SampleError
from odt_core.samples import Subset, read_samples
from pages.ui import number_inputs
from pages.ui.adding import add_files
from pages.ui.desk import Desk
from pages.ui.upload_hint import upload_hint
from tests.pages.own_models import drop, give, train
from tests.pages.page_text import noticed, said, shown
from tests.recordings import (
    EACH,
    GESTURES,
    LABELS,
    MODELS,
    SOUNDS,
    csv,
    gestures,
    sounds,
    wav,
    waves,
    windows,
)
from tests.sample_files import zipped


def contents(desk) -> list[tuple[str, bytes]]:
    """Label and numbers of every sample, in order."""
    raw = desk.workspace.raw_samples()
    pairs = zip(raw.labels, raw.items, strict=True)
    return sorted((label, item.tobytes()) for label, item in pairs)


@pytest.fixture
def gesturing(app, desk_of):
    """The first page with a model of windows, and its desk."""
    drop(app, GESTURES)
    return app, desk_of(app)


@pytest.mark.parametrize(
    ("model", "files", "x", "told"),
    [
        (
            GESTURES,
            gestures(),
            windows(),
            "Left out the column 'time' of 'flex/000.csv'. 17 more files are read so.",
        ),
        (SOUNDS, sounds(), waves(), "18 sounds of 8,000 Hz, not resampled"),
    ],
    ids=["gestures", "sounds"],
)
class TestBoth:
    def test_zip_is_trained_and_brought_back_from_its_export(
        self, app, desk_of, model, files, x, told
    ):
        drop(app, model)
        desk = desk_of(app)
        give(app, "mine.zip", zipped(files))
        assert told in noticed(app)
        expected = sorted(
            (label, window.tobytes())
            for label, those in zip(LABELS, x, strict=True)
            for window in those
        )
        assert contents(desk) == expected
        train(app, desk)
        exported = desk.workspace.export_zip()
        back = read_samples(exported, "mine.zip", input_shape=x.shape[2:], subset=Subset.BOTH)
        pairs = zip(back.labels, back.items, strict=True)
        assert sorted((label, item.tobytes()) for label, item in pairs) == expected


class TestGestures:
    def test_files_of_many_windows_are_called_as_they_are(self, gesturing):
        app, desk = gesturing
        for label, those in zip(LABELS, windows(), strict=True):
            give(app, f"{label}.csv", csv(np.concatenate(those)))
        assert not app.error, said(app)
        assert [label for label, _ in contents(desk)] == sorted(LABELS * EACH)

    def test_file_that_does_not_fit_says_so_and_adds_nothing(self, gesturing):
        app, desk = gesturing
        give(app, "punch.csv", csv(windows()[0, 0][:7]))
        assert "'punch.csv' has 7 rows of numbers; this model takes 8" in said(app)
        assert not desk.workspace.manifest.samples

    def test_one_of_a_file_is_tried_and_another_without_reading_it_again(
        self, gesturing, monkeypatch
    ):
        app, _ = gesturing
        read: list[str] = []

        def counted(data, name, **form):
            read.append(name)
            return read_samples(data, name, **form)

        monkeypatch.setattr(number_inputs, "read_samples", counted)
        give(app, "mine.zip", zipped(gestures()))
        app.segmented_control(key="try_way").set_value("Upload").run()
        next(one for one in app.file_uploader if one.key == "try_file_numbers").upload(
            "wave.csv", csv(np.concatenate(windows()[2]))
        )
        app.run()
        assert app.number_input(key="try_row").max == EACH
        app.number_input(key="try_row").set_value(2).run()
        assert not app.exception
        assert not app.error, said(app)
        assert read == ["wave.csv"]

    def test_one_of_a_large_file_is_all_that_is_kept_of_it(self, gesturing, monkeypatch):
        app, _ = gesturing
        recordings = np.concatenate(windows()[2])
        monkeypatch.setattr(number_inputs, "_MOST_KEPT", 0)
        give(app, "mine.zip", zipped(gestures()))
        app.segmented_control(key="try_way").set_value("Upload").run()
        next(one for one in app.file_uploader if one.key == "try_file_numbers").upload(
            "wave.csv", csv(recordings)
        )
        app.run()
        app.number_input(key="try_row").set_value(2).run()
        assert not app.error, said(app)
        assert app.number_input(key="try_row").max == EACH
        kept = app.session_state["numbers_read"].samples.items
        assert len(kept) == 1
        np.testing.assert_allclose(kept[0], windows()[2][1], rtol=1e-4)


class TestSounds:
    @pytest.fixture
    def hearing(self, app, desk_of):
        """The first page with a model of waveforms, and its desk."""
        drop(app, SOUNDS)
        return app, desk_of(app)

    def test_sound_goes_to_the_chosen_label(self, hearing):
        app, desk = hearing
        give(app, "a.wav", wav(waves()[0, 0]))
        assert contents(desk) == [("0", waves()[0, 0].tobytes())]

    def test_sounds_of_two_rates_at_once_add_nothing(self, hearing):
        _, desk = hearing
        slow = wav(waves()[0, 0]).replace((8_000).to_bytes(4, "little"), b"\0\x10\0\0")
        with pytest.raises(SampleError, match=r"'b\.wav' 4,096"):
            add_files(desk, [("a.wav", wav(waves()[0, 0])), ("b.wav", slow)], "")
        assert not desk.workspace.manifest.samples

    def test_sound_is_tried_and_its_rate_told(self, hearing):
        app, _ = hearing
        give(app, "a.wav", wav(waves()[0, 0]))
        app.segmented_control(key="try_way").set_value("Upload").run()
        next(one for one in app.file_uploader if one.key == "try_file_numbers").upload(
            "b.wav", wav(waves()[0, 1][:40])
        )
        app.run()
        assert not app.error, said(app)
        assert "1 sound of 8,000 Hz" in shown(app)
        assert "1 shorter than the model&#x27;s input got silence behind" in shown(app)

    @pytest.mark.parametrize(
        ("task", "told"),
        [
            (Task.RECONSTRUCTION, "of somewhat fewer. Or a .csv"),
            (Task.CLASSES, "of somewhat fewer, goes to a label that you add below first; a .zip"),
        ],
    )
    def test_hint_when_samples_have_labels_says_where_they_go(self, task, told):
        desk = SimpleNamespace(
            sees_pictures=False,
            tells_labels=task is Task.CLASSES,
            task=task,
            card=SimpleNamespace(input_shape=(16_000, 1)),
            contract=SimpleNamespace(sample_inputs=()),
            workspace=SimpleNamespace(manifest=SimpleNamespace(labels=())),
        )
        assert told in upload_hint(cast(Desk, desk), None)

    def test_model_of_pictures_says_what_to_make_of_a_sound(self, app, desk_of):
        give(app, "a.wav", wav(waves()[0, 0]))
        assert "'a.wav' is sound, and this model's input is no waveform" in said(app)


class TestRecords:
    def test_json_and_packed_tables_are_added_and_tried(self, app, desk_of):
        drop(app, MODELS / "dialect_binary.tflite")
        desk = desk_of(app)
        rows = [[k, 1, 2, 3, k % 2] for k in range(4)]
        give(
            app,
            "mine.json",
            json.dumps([dict(zip("abcdy", row, strict=True)) for row in rows]).encode(),
        )
        give(app, "more.csv.gz", gzip.compress(b"9,1,2,3,1\n"))
        assert not app.error, said(app)
        assert [label for label, _ in contents(desk)] == ["0", "0", "1", "1", "1"]
        app.segmented_control(key="try_way").set_value("Upload").run()
        next(one for one in app.file_uploader if one.key == "try_file_numbers").upload(
            "one.jsonl", b"[9, 1, 2, 3, 1]\n[8, 1, 2, 3, 0]\n"
        )
        app.run()
        assert not app.error, said(app)
        assert app.number_input(key="try_row").max == 2
