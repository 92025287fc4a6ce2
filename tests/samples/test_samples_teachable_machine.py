"""Teachable Machine's project files: a flat zip of pictures whose names begin with the label."""

import io
import json
import zipfile

import numpy as np
import pytest
from PIL import Image

from odt_core.errors import SampleError
from odt_core.samples import read_samples


def project(names: list[str], kind: str = "image") -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("manifest.json", json.dumps({"type": kind, "version": "2.4.5"}))
        for at, name in enumerate(names):
            picture = io.BytesIO()
            Image.fromarray(np.full((20, 20, 3), 10 * at, np.uint8)).save(picture, "JPEG")
            archive.writestr(name, picture.getvalue())
    return stream.getvalue()


class TestProject:
    def test_labels_when_names_carry_them_then_they_are_the_samples_labels(self):
        data = project(["My mug-!-0.jpg", "My mug-!-1.jpg", "Cat-!-0.jpg"])
        raw = read_samples(data, "project.tm")
        assert sorted(raw.labels) == ["Cat", "My mug", "My mug"]

    def test_label_when_it_holds_the_divider_then_the_last_one_counts(self):
        raw = read_samples(project(["a-!-b-!-0.jpg"]), "project.tm")
        assert raw.labels == ("a-!-b",)

    def test_project_when_it_is_one_of_sounds_then_it_is_refused_in_words(self):
        with pytest.raises(SampleError, match="project of kind 'audio'"):
            read_samples(project(["Clap-!-0.jpg"], "audio"), "project.tm")
