"""Samples as the command line opens them: the same as the package's own."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import numpy as np
from PIL import Image

import odt_core as odt
from odt_core.cli.sources import open_samples
from tests.cli.command_line import ROOT

OWN = ROOT / "tests" / "runtime" / "models"


def png(pixels: np.ndarray) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "PNG")
    return stream.getvalue()


class TestMasks:
    def test_pixels_of_no_class_stay_of_none(self, tmp_path: Path):
        path = tmp_path / "set.zip"
        mask = np.full((8, 8), 2, np.uint8)
        mask[0] = 255
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("images/0.png", png(np.zeros((8, 8, 3), np.uint8)))
            archive.writestr("masks/0.png", png(mask))
        model = odt.load_model(OWN / "dialect_pixels.tflite")
        samples = open_samples(str(path), model, model.labels)
        assert np.array_equal(samples.y[0, ..., 0], mask)
