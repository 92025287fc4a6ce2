import json

import numpy as np
import pytest
from PIL import Image, ImageDraw

from odt_core import load_model
from odt_core.bundled import (
    ASSETS,
    ModelCard,
    bundled_models,
    default_card,
    find_card,
    guessed_preprocessing,
)
from odt_core.errors import ModelError
from odt_core.evaluation import evaluate
from odt_core.samples import RawSamples, Samples
from odt_core.training import Settings, fit

DIGITS = ASSETS / "models" / "digits.tflite"


class TestDigitsCard:
    def test_the_digits_model_ships_with_a_card(self):
        assert DIGITS in bundled_models()
        card = find_card(DIGITS)
        assert card is not None
        assert card.labels.names == (*"0123456789", *[None] * 6)
        assert card.input_shape == (28, 28, 1)

    def test_its_settings_are_settings_of_the_training_loop(self):
        card = find_card(DIGITS)
        assert Settings.from_json(card.settings).replay > 0

    def test_its_base_test_and_replay_are_a_thousand_prepared_digits_each(self):
        card = find_card(DIGITS)
        for samples in (card.load_base_test(), card.load_replay()):
            assert samples.x.shape == (1000, 28, 28, 1)
            assert samples.x.dtype == np.float32
            assert set(samples.y.tolist()) == set(range(10))

    def test_its_people_wrote_every_digit(self):
        people = find_card(DIGITS).load_people()
        kinds = {name: [k for k in people if k.startswith(name)] for name in ("Writer", "Coarse")}
        assert {name: len(found) for name, found in kinds.items()} == {"Writer": 17, "Coarse": 14}
        assert sum(len(people[name]) for name in kinds["Writer"]) == 1842
        assert sum(len(people[name]) for name in kinds["Coarse"]) == 1797
        assert all(set(raw.labels) == set("0123456789") for raw in people.values())
        assert {raw.items[0].shape for raw in people.values()} == {(8, 8), (28, 28)}
        assert [len(people[name]) for name in ("Writer 1", "Writer 17")] == [106, 99]

    def test_to_json_gives_back_what_is_in_the_file(self):
        document = json.loads(DIGITS.with_suffix(".json").read_text("utf-8"))
        assert ModelCard.from_json(document).to_json() == document


SYMBOLS = {
    "triangle": ((0.5, 0.1), (0.9, 0.85), (0.1, 0.85), (0.5, 0.1)),
    "zigzag": ((0.05, 0.5), (0.3, 0.2), (0.5, 0.8), (0.7, 0.2), (0.95, 0.6)),
    "cup": ((0.1, 0.1), (0.2, 0.8), (0.8, 0.8), (0.9, 0.1)),
}


def drawn(names: list[str], rng: np.random.Generator) -> RawSamples:
    """Symbols drawn with a shaky hand and pens of several widths, dark on white."""
    pictures = []
    for name in names:
        points = np.array(SYMBOLS[name]) + rng.normal(0, 0.03, (len(SYMBOLS[name]), 2))
        image = Image.new("L", (200, 200), 255)
        line = [(float(x), float(y)) for x, y in points * 160 + 20]
        ImageDraw.Draw(image).line(line, fill=0, width=int(rng.integers(6, 14)), joint="curve")
        pictures.append(np.asarray(image))
    return RawSamples(tuple(pictures), tuple(names), tuple(names))


class TestOwnSymbols:
    def test_five_samples_of_new_symbols_are_learnt_and_digits_stay_digits(self):
        model, rng = load_model(DIGITS), np.random.default_rng(0)
        own = model.prepare(drawn(list(SYMBOLS) * 5, rng))
        others = model.prepare(drawn(list(SYMBOLS) * 20, rng))
        base = model.card.load_base_test()
        session = model.session()
        assert evaluate(session, base).accuracy > 0.98
        fit(session, own)
        assert own.labels.names[10:] == ("triangle", "zigzag", "cup", None, None, None)
        assert evaluate(session, others).accuracy > 0.95
        # with the new symbols allowed as answers to a digit
        assert evaluate(session, Samples(base.x, base.y, own.labels)).accuracy > 0.95


class TestFindCard:
    def test_model_without_a_card_has_none(self, tmp_path):
        assert find_card(tmp_path / "m.tflite") is None

    @pytest.mark.parametrize(
        "text",
        [
            '{"module": "keras", "class_name": "Sequential", "config": {"name": "m"}}',
            '{"format": "layers-model", "modelTopology": {}, "weightsManifest": []}',
            '{"name": "m", "labels": ["a"], "input_shape": [4], "preprocessing": "none"}',
            '["a", "b"]',
            "no JSON",
            b"\xff\xfe",
        ],
    )
    def test_file_of_another_program_beside_a_model_is_no_card(self, tmp_path, text):
        path = tmp_path / "m.json"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        assert find_card(tmp_path / "m.tflite") is None

    @pytest.mark.parametrize("damage", ["cut", "wrapped", "name", "input_shape"])
    def test_card_that_cannot_be_read_raises(self, tmp_path, damage):
        text = DIGITS.with_suffix(".json").read_text("utf-8")
        card = json.loads(text)
        card.pop(damage, None)
        (tmp_path / "m.json").write_text(
            {"cut": text[:-3], "wrapped": f"[{text}]"}.get(damage, json.dumps(card))
        )
        with pytest.raises(ModelError, match=r"m\.json"):
            find_card(tmp_path / "m.tflite")

    @pytest.mark.parametrize("key", ["base_test", "replay", "base_labels", "people"])
    @pytest.mark.parametrize("path", ["/etc/hostname", "../app.py", 3])
    def test_card_that_names_a_file_outside_the_assets_raises(self, tmp_path, key, path):
        card = find_card(DIGITS).to_json()
        card[key] = [path] if key == "people" else path
        (tmp_path / "m.json").write_text(json.dumps(card))
        with pytest.raises(ModelError, match=r"m\.json"):
            find_card(tmp_path / "m.tflite")


class TestDefaultCard:
    @pytest.mark.parametrize(
        ("shape", "kind"),
        [
            ((28, 28), "ink"),
            ((28, 28, 1), "ink"),
            ((224, 224, 3), "image"),
            ((128, 9), "none"),  # nine sensors
            ((128, 9, 1), "none"),
            ((49, 40), "image"),
            ((1280,), "none"),
            ((7, 7, 64), "none"),
        ],
    )
    def test_preprocessing_is_guessed_from_the_input(self, shape, kind):
        card = default_card(shape, 4)
        assert card.preprocessing.kind == kind
        assert card.labels.names == ("0", "1", "2", "3")
        assert card.load_replay() is None
        assert card.load_people() == {}

    @pytest.mark.parametrize(
        ("shape", "pixel_range", "scale", "offset"),
        [
            ((32, 32, 3), (0, 255), 1.0, 0.0),  # of pixels from 0 to 255
            ((32, 32, 3), (), 1 / 255, 0.0),
            ((32, 32, 3), (-1, 1), 2 / 255, -1.0),
            ((28, 28), (0, 255), 255.0, 0.0),  # of ink from 0 to 1
            ((28, 28), (), 1.0, 0.0),
            ((28, 28), (-1, 1), 2.0, -1.0),
        ],
    )
    def test_picture_is_scaled_to_what_black_and_white_are_to_the_model(
        self, shape, pixel_range, scale, offset
    ):
        card = default_card(shape, 4, pixel_range=pixel_range)
        assert (card.preprocessing.scale, card.preprocessing.offset) == (scale, offset)

    def test_pictures_chosen_by_hand_are_scaled_to_what_the_model_takes_too(self):
        said = guessed_preprocessing("image", (192,), pixel_range=(-1, 1), picture=(8, 8, 3))
        white = np.full((8, 8, 3), 255, np.uint8)
        assert said.apply(white).shape == (192,)
        assert np.allclose(said.apply(white), 1)
        assert np.allclose(said.apply(white * 0), -1)
