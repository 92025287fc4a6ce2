"""What a person sees who prints an object: a line, not the weights and pictures in it."""

from __future__ import annotations

import pytest

import odt_core as odt
from odt_core.bundled import bundled_models

PATH = next(path for path in bundled_models() if path.stem == "digits")


@pytest.fixture(scope="module")
def objects():
    model = odt.load_model(PATH)
    raw = model.card.load_people()["Writer 1"]
    mine, session = model.prepare(raw), model.session()
    history = odt.fit(session, mine, odt.Settings(epochs=1), test=mine)
    return {
        "model": model,
        "raw": raw,
        "mine": mine,
        "history": history,
        "evaluation": odt.evaluate(session, mine),
        "checkpoint": session.checkpoint(),
        "progress": history.progress,
    }


class TestPrinted:
    @pytest.mark.parametrize(
        "name", ["model", "raw", "mine", "history", "evaluation", "checkpoint", "progress"]
    )
    def test_object_that_holds_many_numbers_is_printed_as_a_line(self, objects, name):
        said = repr(objects[name])
        assert "\n" not in said
        assert len(said) < 1200

    def test_samples_are_printed_as_how_many_they_are(self, objects):
        assert repr(objects["raw"]) == "<RawSamples: 106>"
        assert repr(objects["mine"]) == "<Samples: 106 of shape [28, 28, 1]>"

    def test_run_is_printed_with_how_it_ended(self, objects):
        assert "steps=7, total=7" in repr(objects["history"])
        assert "message='Finished all 7 steps.'" in repr(objects["history"])
