"""Near-duplicates: the same drawing or photo again is found, another one is not."""

from __future__ import annotations

import io
import time

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFilter

from odt_core.bundled import bundled_models, find_card
from odt_core.samples import Preprocessing
from odt_core.samples.by_chance import half_units
from odt_core.samples.near_duplicates import first_alike, near_duplicates

PHOTO = Preprocessing("image", (48, 64, 3), scale=1 / 255)


def photo(seed: int) -> np.ndarray:
    """uint8 [150, 200, 3]: soft shapes of many sizes, as photographs have."""
    rng, total = np.random.default_rng(seed), np.zeros((150, 200, 3))
    for radius in (2, 8, 30):
        layer = Image.fromarray(rng.integers(0, 256, (150, 200, 3), np.uint8))
        soft = np.asarray(layer.filter(ImageFilter.GaussianBlur(radius)), float)
        total += (soft - soft.mean()) / soft.std()
    return np.clip(128 + 30 * total, 0, 255).astype(np.uint8)


def resized(picture: np.ndarray, factor: float) -> np.ndarray:
    size = round(picture.shape[1] * factor), round(picture.shape[0] * factor)
    return np.asarray(Image.fromarray(picture).resize(size, Image.Resampling.BICUBIC))


def as_jpeg(picture: np.ndarray) -> np.ndarray:
    out = io.BytesIO()
    Image.fromarray(picture).save(out, "JPEG", quality=60)
    return np.asarray(Image.open(out))


class TestPhotos:
    @pytest.mark.parametrize(
        "again",
        [lambda p: resized(p, 0.5), lambda p: resized(p, 2.3), as_jpeg, lambda p: p * 0.6],
        ids=["half", "larger", "jpeg", "darker"],
    )
    def test_same_photo_again_is_found_among_others(self, again):
        tests = [photo(seed) for seed in range(5)]
        copy = np.asarray(again(tests[3])).astype(np.uint8)
        train = np.stack([PHOTO.apply(p) for p in (photo(10), copy, photo(11))])
        test = np.stack([PHOTO.apply(p) for p in tests])
        (found,) = near_duplicates(train, test, picture=(48, 64, 3))
        assert (found.train, found.test) == (1, 3)
        assert found.likeness > 0.98

    def test_large_photos_are_found_too(self):
        large = Preprocessing("image", (224, 224, 3), scale=1 / 255)
        first, again = large.apply(photo(0)), large.apply(resized(photo(0), 0.6))
        assert near_duplicates(again[None], first[None], picture=(224, 224, 3))
        other = large.apply(photo(1))
        assert not near_duplicates(other[None], first[None], picture=(224, 224, 3))

    def test_flat_colours_are_like_each_other_alone(self):
        flat = np.full((2, 48, 64, 3), 0.5, np.float32)
        assert len(near_duplicates(flat, flat[:1] * 1.5, picture=(48, 64, 3))) == 2
        assert not near_duplicates(flat, PHOTO.apply(photo(0))[None], picture=(48, 64, 3))


@pytest.fixture(scope="module")
def person():
    card = find_card(bundled_models()[0])
    raw = card.load_people()["Writer 1"]
    x = np.stack([card.preprocessing.apply(item) for item in raw.items])
    return card, raw, x


class TestDrawings:
    def test_same_stroke_enlarged_is_found(self, person):
        card, raw, x = person
        again = np.stack([card.preprocessing.apply(resized(item, 2)) for item in raw.items])
        found = {d.train: d.test for d in near_duplicates(again, x, picture=(28, 28, 1))}
        assert sum(found.get(k) == k for k in range(len(x))) >= 0.95 * len(x)

    def test_same_stroke_elsewhere_on_the_sheet_is_found(self, person):
        card, _, _ = person
        stroke = [(30, 40), (110, 30), (60, 110), (130, 150), (40, 170)]

        def drawn(left: int, top: int) -> np.ndarray:
            sheet = Image.new("L", (280, 280), 255)
            points = [(x + left, y + top) for x, y in stroke]
            ImageDraw.Draw(sheet).line(points, fill=0, width=14, joint="curve")
            return card.preprocessing.apply(np.asarray(sheet))[None]

        assert near_duplicates(drawn(70, 60), drawn(20, 30), picture=(28, 28, 1))

    def test_other_drawings_of_the_same_hand_are_not(self, person):
        _, raw, x = person
        other = [k for k, label in enumerate(raw.labels) if label != "1"]
        half = len(other) // 2
        found = near_duplicates(x[other[:half]], x[other[half:]], picture=(28, 28, 1))
        assert found == ()


TABLES = {
    "four decimals": lambda rng: rng.normal(size=(300, 4)).round(4),
    "mixed scales": lambda rng: rng.normal(size=(300, 5)) * 10.0 ** np.arange(-4, 6, 2),
    "huge and tiny": lambda rng: np.exp(8 * rng.normal(size=(300, 3))),
    "one number": lambda rng: rng.normal(size=(300, 1)),
    "few whole numbers": lambda rng: rng.integers(0, 3, (300, 4)),
    "scaled categories": lambda rng: (rng.integers(0, 3, (300, 4)) - 1.3) / 1.7,
    "whole and not": lambda rng: np.c_[rng.integers(0, 900, (300, 2)), rng.normal(size=300)],
    "each sums to 1": lambda rng: rng.dirichlet([1, 1, 1], 300),
    "amounts and ids": lambda rng: np.c_[rng.integers(0, 2**24, 300), rng.normal(size=300) * 1e6],
    "some not known": lambda rng: np.where(
        rng.random((300, 3)) < 0.1, np.nan, rng.random((300, 3))
    ),
}


def looking_at_all(x: np.ndarray) -> np.ndarray:
    """bool [N, N]: which rows of float32 x are the same as each, number by number."""
    x = x.astype(np.float64)
    half = half_units(x)
    rounding = np.where(np.abs(x).max(axis=1) >= 200 * half, half, 0)
    reach = np.maximum(rounding[:, None], rounding)[:, :, None] + 1e-5 * np.abs(x[:, None])
    reach = np.where((x == np.rint(x)).all(axis=0), 0, reach)
    return np.asarray((np.abs(x[:, None] - x) <= reach).all(axis=2))


class TestNumbers:
    def test_same_row_rounded_is_found_and_a_near_one_is_not(self):
        test = np.random.default_rng(0).normal(size=(20, 6)) * [1, 10, 100, 1, 1, 1]
        train = np.stack([test[4] + 0.05, np.round(test[7], 4), test[2] * [1, 1, 1, 1, 1, 1.1]])
        (found,) = near_duplicates(train.astype(np.float32), test)
        assert (found.train, found.test, found.likeness) == (1, 7, 1.0)

    def test_whole_numbers_that_differ_may_be_ids_of_other_words(self):
        ids = np.random.default_rng(0).integers(0, 20_000, (30, 8)).astype(np.float32)
        assert near_duplicates(ids + 1, ids) == ()
        assert [found.test for found in near_duplicates(ids[[7, 7]], ids)] == [7, 7]

    @pytest.mark.parametrize("far", [[], [99999.5]])
    def test_rows_that_were_rounded_are_found_however_far_away_another_one_is(self, far):
        rng = np.random.default_rng(0)
        train, test = rng.normal(size=(300, 4)), rng.normal(size=(200, 4))
        again = [test[:20].round(3), [[float(f"{v:.6g}") for v in row] for row in test[20:40]]]
        outlier = np.repeat(far, 4).reshape(-1, 4)
        found = near_duplicates(np.r_[outlier, train, *again], test)
        assert [one.test for one in found] == list(range(40))

    @pytest.mark.parametrize(
        "drawn",
        [
            lambda rng: rng.normal(size=(1000, 1)),
            lambda rng: rng.normal(size=(1000, 1)).round(5),
            lambda rng: np.c_[rng.normal(size=1000), rng.integers(0, 2, (1000, 3))],
            lambda rng: np.exp(2 * rng.normal(size=(1000, 2))),
            lambda rng: np.exp(2.5 * rng.normal(size=(1000, 3))),
            lambda rng: rng.integers(0, 4, (1000, 6)),
            lambda rng: (rng.integers(0, 4, (1000, 6)) - 1.3) / 1.7,
            lambda rng: np.eye(3)[rng.integers(0, 3, (1000, 5))].reshape(1000, 15),
            lambda rng: np.c_[rng.integers(1, 80, 1000), rng.choice(np.sqrt(range(9)), (1000, 2))],
        ],
        ids=[
            *("one number", "five decimals", "one and yes or no", "two amounts", "three amounts"),
            *("categories", "scaled categories", "a 1 for each category", "age and fare"),
        ],
    )
    def test_samples_that_were_drawn_apart_are_no_duplicates(self, drawn):
        rng = np.random.default_rng(0)
        assert near_duplicates(drawn(rng), drawn(rng)) == ()

    def test_sample_over_again_is_found_whatever_others_have_in_common_with_it(self):
        x = np.random.default_rng(0).integers(0, 30, (500, 12)) / 10  # each number is in many rows
        burst = x[[7] * 100]
        assert [found.test for found in near_duplicates(burst, x)] == [7] * 100
        assert (first_alike(np.r_[x, burst]) == np.r_[np.arange(500), [7] * 100]).all()

    def test_many_rows_of_many_numbers_take_no_time(self):
        x = np.random.default_rng(0).normal(size=(1500, 2000)).astype(np.float32)
        x[:, :500] = 0  # as the margin of a picture
        again = x[:300] * (1 + 1e-6)
        began = time.process_time()
        assert [found.test for found in near_duplicates(again, x)] == list(range(300))
        took = time.process_time() - began
        began = time.process_time()
        for row in again[:30]:
            np.abs(x - row).max(axis=1)
        assert took < 10 * (time.process_time() - began)  # than looking at all numbers of all

    def test_many_samples_of_few_whole_numbers_take_no_time(self):
        x = np.random.default_rng(0).integers(0, 6, (20_000, 20)).astype(np.float32)
        began = time.process_time()
        first_alike(x)
        took = time.process_time() - began
        began = time.process_time()
        for row in x[:1000]:
            (x == row).all(axis=1)
        assert took < time.process_time() - began  # than looking for a twentieth among all

    @pytest.mark.parametrize("table", TABLES)
    def test_same_is_found_as_by_looking_at_all(self, monkeypatch, table):
        monkeypatch.setattr(
            "odt_core.samples.near_duplicates.may_recur", lambda rows, *_: np.zeros(len(rows), bool)
        )
        rng = np.random.default_rng(0)
        x = np.asarray(TABLES[table](rng), float)
        nearly = x[:150] * (1 + rng.choice([0, 9e-6, 1.1e-5], (150, 1)))
        x = rng.permutation(np.r_[x, nearly, x[100:150].round(2)]).astype(np.float32)
        same = looking_at_all(x)
        first = []
        for at in range(len(x)):
            first.append(
                next((one for one in range(at) if same[at, one] and first[one] == one), at)
            )
        assert first_alike(x).tolist() == first
        found = {one.train: one.test for one in near_duplicates(x[200:], x[:200])}
        assert found == {at: one.argmax() for at, one in enumerate(same[200:, :200]) if one.any()}

    def test_nothing_has_no_duplicates(self):
        assert near_duplicates(np.zeros((0, 4)), np.zeros((3, 4))) == ()
        assert near_duplicates(np.zeros((3, 4)), np.zeros((0, 4))) == ()
